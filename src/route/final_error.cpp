#include "spillway/route/final_error.hpp"

#include <algorithm>
#include <string>

#include "spillway/base/text.hpp"
#include "spillway/route/failure_policy.hpp"

namespace spillway::route {
namespace {

/// More attempts than this are counted, not listed: a client shows the message to a person.
constexpr std::size_t longest_list = 12;
constexpr std::size_t longest_reason = 160;

std::string_view reason_without_words(chat::FailureClass kind)
{
    switch (kind) {
        case chat::FailureClass::transient:
            return "connection failed";
        case chat::FailureClass::overloaded:
            return "overloaded";
        case chat::FailureClass::loading:
            return "still loading its model";
        case chat::FailureClass::stalled:
            return "no answer in time";
        case chat::FailureClass::rate_limited:
            return "rate limited";
        case chat::FailureClass::quota:
            return "quota used up";
        case chat::FailureClass::credential:
            return "credential refused";
        case chat::FailureClass::model_missing:
            return "model not found";
        case chat::FailureClass::too_long:
            return "prompt too long";
        case chat::FailureClass::content_policy:
            return "refused by the content filter";
        case chat::FailureClass::rejected:
            return "request rejected";
        case chat::FailureClass::not_local:
            return "not local";
        case chat::FailureClass::unsupported:
            return "not supported there";
        case chat::FailureClass::unknown:
            return "unknown failure";
    }
    return "unknown failure";
}

/// What the client is told that it was. An error in the place of an answer is an answer: somebody
/// was reached.
Errc client_code(const chat::Failure& failure)
{
    const auto code = policy_of(failure.kind).client;
    return failure.answered && code == Errc::upstream_unreachable ? Errc::upstream_bad_reply : code;
}

std::string words_of(const chat::Failure& failure)
{
    std::string words = printable(failure.message, longest_reason);
    if (words.empty()) {
        words = reason_without_words(failure.kind);
    }
    return failure.status > 0 ? "HTTP " + std::to_string(failure.status) + ": " + words : words;
}

std::string quoted(std::string_view model)
{
    return "'" + printable(model) + "'";
}

/// " Tried: fast/a1 (connect refused), cloud/b2 (HTTP 500: ...)"; nothing when nothing was.
std::string tried_list(const Ending& ending)
{
    if (ending.tried.empty()) {
        return {};
    }
    std::string out = " Tried: ";
    const std::size_t shown = std::min(ending.tried.size(), longest_list);
    for (std::size_t i = 0; i < shown; ++i) {
        const FailedAttempt& attempt = ending.tried[i];
        out += i == 0 ? "" : ", ";
        out += printable(ending.table[attempt.group].name) + "/" +
               printable(ending.table[attempt.deployment].id) + " (" + words_of(attempt.failure) +
               ")";
    }
    if (ending.tried.size() > shown) {
        out += " and " + std::to_string(ending.tried.size() - shown) + " more";
    }
    return out;
}

std::string list_as_litellm_prints_it(const std::vector<std::string>& names)
{
    if (names.empty()) {
        return "None";
    }
    std::string out = "[";
    for (std::size_t i = 0; i < names.size(); ++i) {
        out += (i == 0 ? "'" : ", '") + printable(names[i]) + "'";
    }
    return out + "]";
}

/// Upstream's own words lead: the client's mistake is described best by whoever found it.
std::string words_for_the_client(const Ending& ending, const chat::Failure& last)
{
    std::string words = printable(last.message, 1'000);
    if (words.empty()) {
        words = reason_without_words(last.kind);
    }
    return ending.tried.size() > 1 ? words + tried_list(ending) : words;
}

std::string message_of(const Ending& ending, const chat::Failure& last,
                       const std::vector<std::string>& fallbacks)
{
    const Errc client = client_code(last);
    if (client == Errc::context_window_exceeded) {
        // Client code matches these words (litellm-surface 2.6, item 10).
        return "ContextWindowExceededError: the prompt exceeds the context window of model " +
               quoted(ending.model) + ": " + words_for_the_client(ending, last) +
               ". context_window_fallbacks=None that could take it. Available Model Group "
               "Fallbacks=" +
               list_as_litellm_prints_it(fallbacks);
    }
    if (client == Errc::content_policy) {
        return "ContentPolicyViolationError: " + words_for_the_client(ending, last);
    }
    if (client == Errc::upstream_rejected || client == Errc::unsupported_content) {
        return words_for_the_client(ending, last);
    }
    if (ending.tried.empty()) {
        return "Model " + quoted(ending.model) + " could not be served: " + words_of(last);
    }
    return "All attempts for model " + quoted(ending.model) + " failed." + tried_list(ending);
}

}  // namespace

Error exhausted(const Ending& ending, const chat::Failure& last,
                const std::vector<std::string>& fallbacks)
{
    Error error{client_code(last), message_of(ending, last, fallbacks)};
    return last.retry_after ? std::move(error).retry_in(*last.retry_after) : error;
}

Error all_cooling(std::string_view model, Millis recovery)
{
    const auto seconds =
        std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(recovery).count());
    return Error{Errc::all_deployments_cooling,
                 "No deployments available for selected model, Try again in " +
                     std::to_string(seconds) + " seconds. Passed model=" + printable(model)}
        .retry_in(std::chrono::seconds{seconds});
}

Error unaffordable(const Ending& ending, const Error& shortage)
{
    Error error{shortage.code(), shortage.message() + tried_list(ending)};
    const auto wait = shortage.retry_after();
    return wait ? std::move(error).retry_in(*wait) : error;
}

Error out_of_time(const Ending& ending)
{
    return Error{Errc::upstream_timeout, "The time allowed for this request of model " +
                                             quoted(ending.model) + " is over." +
                                             tried_list(ending)};
}

Error kept_local(const Error& end)
{
    const auto code = end.code() == Errc::budget_exceeded ? end.code() : Errc::no_local_deployment;
    Error error{code, "This request must stay local, and no local deployment could answer it: " +
                          end.message()};
    const auto wait = end.retry_after();
    return wait ? std::move(error).retry_in(*wait) : error;
}

Error nobody_local(std::string_view model)
{
    return Error{Errc::no_local_deployment, "This request must stay local, and no deployment of " +
                                                quoted(model) +
                                                " or of its fallbacks is local and can serve it."};
}

Error broken_off(const Ending& ending)
{
    return Error{Errc::stream_broken, "The answer of model " + quoted(ending.model) +
                                          " broke off." + tried_list(ending)};
}

Error all_saturated(std::string_view model)
{
    return Error{Errc::overloaded, "Every deployment of " + quoted(model) +
                                       " has as many requests in flight as it may; try again "
                                       "shortly."}
        .retry_in(Millis{1'000});
}

Error all_limited(std::string_view model, std::optional<Millis> wait)
{
    if (!wait) {
        return Error{Errc::rate_limited,
                     "The request may use more tokens than the limit (tpm) of any deployment of " +
                         quoted(model) +
                         " holds; a shorter prompt or a smaller max_tokens would "
                         "fit."};
    }
    const auto seconds =
        std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(*wait).count());
    return Error{Errc::rate_limited,
                 "Model rate limit exceeded. No deployments available for selected model, Try "
                 "again in " +
                     std::to_string(seconds) + " seconds. Passed model=" + printable(model)}
        .retry_in(*wait);
}

}  // namespace spillway::route
