// What a provider's words mean for the attempt chain: wire.md 1.5, 2.1, 3.5, 4, 5.
#include <algorithm>
#include <charconv>
#include <initializer_list>

#include <re2/re2.h>

#include "error_words.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

using chat::FailureClass;

constexpr std::size_t longest_message = 500;

bool says_any(std::string_view lowered, std::initializer_list<std::string_view> phrases)
{
    return std::any_of(phrases.begin(), phrases.end(), [lowered](std::string_view phrase) {
        return lowered.find(phrase) != std::string_view::npos;
    });
}

bool says_content_policy(std::string_view said)
{
    return says_any(said, {"content_filter", "content_policy", "content management policy",
                           "responsibleaipolicyviolation", "prohibited_content",
                           "input was flagged", "content filtering policy", "content_blocked"});
}

bool says_quota(std::string_view said)
{
    if (says_any(said, {"insufficient_quota", "credit_balance", "credit balance is too low",
                        "spend_limit_reached", "billing_error", "billing_hard_limit",
                        "billing_not_active", "insufficient balance", "insufficient credits",
                        "out of credits", "quota_exhausted"})) {
        return true;
    }
    // Google says the same about a limit per minute.
    return says_any(said, {"exceeded your current quota"}) &&
           !says_any(said, {"resource_exhausted"});
}

bool says_loading(std::string_view said)
{
    return says_any(said, {"loading model", "model is loading", "model is still loading",
                           "model is currently loading", "currently loading the model"});
}

bool says_overloaded(std::string_view said)
{
    return says_any(said, {"overloaded", "server busy", "unavailable_error", "slow_down",
                           "no slot available", "maximum pending requests", "at capacity"});
}

bool says_credential(std::string_view said)
{
    return says_any(said, {"invalid_api_key", "api key not valid", "api_key_invalid",
                           "authentication_error", "incorrect api key", "invalid api key"});
}

bool says_model_missing(std::string_view said)
{
    if (says_any(said, {"model_not_found", "model_decommissioned", "model not exist",
                        "is not a valid model", "model_not_supported", "unknown model"})) {
        return true;
    }
    return says_any(said, {"model"}) && says_any(said, {"does not exist", "try pulling it first"});
}

/// Ollama names the model and what it lacks (wire.md 2.1); another place may have it.
bool says_unsupported(std::string_view said)
{
    return says_any(
        said,
        {"does not support tools", "does not support thinking", "does not support chat",
         "does not support images", "does not support vision", "does not support embedding",
         "does not support generate", "does not support completion", "does not support insert"});
}

/// Statuses behind which an overflow of the context window may hide; 0 is an error in a stream.
bool may_be_overflow(int status)
{
    return status == 0 || status == 400 || status == 413 || status == 422 || status == 500;
}

FailureClass classify_404(const ErrorWords& words, std::string_view said)
{
    // Whatever it is that the deployment does not have, another one may; unless the request names
    // a thing of its own, such as an earlier response or a file.
    const bool own_thing = (!words.param.empty() && words.param != "model") ||
                           says_any(said, {"previous response", "no such file"});
    return own_thing ? FailureClass::rejected : FailureClass::model_missing;
}

FailureClass classify_status(const ErrorWords& words, std::string_view said, int status)
{
    switch (status) {
        case 401:
        case 403:
            return FailureClass::credential;
        case 402:
            return FailureClass::quota;
        case 404:
            return classify_404(words, said);
        case 408:
        case 409:
        case 425:
        case 499:
            return FailureClass::transient;
        case 413:
            return FailureClass::too_long;
        case 429:
            return says_any(said, {"overloaded"}) ? FailureClass::overloaded
                                                  : FailureClass::rate_limited;
        case 501:
            return FailureClass::unknown;
        case 529:
            return FailureClass::overloaded;
        default:
            break;
    }
    if (status == 503 && says_loading(said)) {
        return FailureClass::loading;
    }
    if (status >= 500 && status <= 599) {
        return says_overloaded(said) ? FailureClass::overloaded : FailureClass::transient;
    }
    return status >= 400 && status <= 499 ? FailureClass::rejected : FailureClass::unknown;
}

/// An error without a status, out of a stream: only its words tell.
FailureClass classify_words(std::string_view said)
{
    if (says_loading(said)) {
        return FailureClass::loading;
    }
    if (says_overloaded(said)) {
        return FailureClass::overloaded;
    }
    if (says_any(said, {"rate_limit", "rate limit", "too many requests", "resource_exhausted"})) {
        return FailureClass::rate_limited;
    }
    if (says_credential(said) || says_any(said, {"permission_error"})) {
        return FailureClass::credential;
    }
    if (says_any(said, {"not_found_error", "notfounderror"})) {
        return FailureClass::model_missing;
    }
    if (says_any(said, {"invalid_request", "badrequest", "invalid_argument"})) {
        return FailureClass::rejected;
    }
    return FailureClass::transient;
}

FailureClass kind_of(const ErrorWords& words, std::string_view said, int status)
{
    const bool speaks_of_money = status == 0 || status == 400 || status == 403 || status == 429;
    if (speaks_of_money && says_quota(said)) {
        return FailureClass::quota;
    }
    const bool may_be_filter = status == 0 || (status >= 400 && status < 500 && status != 429);
    if (may_be_filter && says_content_policy(said)) {
        return FailureClass::content_policy;
    }
    if (status == 413 || says_context_overflow(status, said)) {
        return FailureClass::too_long;
    }
    if ((status == 0 || status == 400) && says_unsupported(said)) {
        return FailureClass::unsupported;
    }
    if (status == 0) {
        return classify_words(said);
    }
    if (status == 400 && says_credential(said)) {
        return FailureClass::credential;
    }
    if ((status == 400 || status == 403 || status == 422) && says_model_missing(said)) {
        return FailureClass::model_missing;
    }
    return classify_status(words, said, status);
}

/// Inside a stream some providers put an HTTP status into `code`.
int status_of(const ErrorWords& words, int status)
{
    if (status != 0) {
        return status;
    }
    int value = 0;
    const auto* end = words.code.data() + words.code.size();
    const auto parsed = std::from_chars(words.code.data(), end, value);
    const bool whole = parsed.ec == std::errc{} && (parsed.ptr == end || *parsed.ptr == ' ');
    return whole && value >= 400 && value <= 599 ? value : 0;
}

/// `message` without anything that looks like a key: providers quote the one they were given.
std::string without_keys(std::string message)
{
    static const RE2 key(
        R"(\b(?:sk|pk|gsk|xai|hf|nvapi)[-_][\w*.-]{8,}|\bAIza[\w-]{20,}|(?i:bearer) +[\w.*-]{8,})");
    RE2::GlobalReplace(&message, key, "[key]");
    return message;
}

RE2::Options ignoring_case()
{
    RE2::Options options;
    options.set_case_sensitive(false);
    return options;
}

}  // namespace

bool says_context_overflow(int status, std::string_view message)
{
    // RE2 is linear in the message; the patterns are those of wire.md 5.3.
    static const RE2 excluded(R"(rate[ _]limit|too many requests|^Throttling)", ignoring_case());
    static const RE2 overflow(
        R"(context[_ ]length[_ ]exceeded|exceeds the context window|)"
        R"(maximum context length is [\d,]+ tokens?|)"
        R"(exceeds (?:the )?(?:model'?s )?maximum context length|prompt (?:is )?too long|)"
        R"(exceed context limit|request_too_large|exceed_context_size_error|)"
        R"(exceeds the available context size|longer than the context length currently available|)"
        R"(input length exceeds the context length|longer than the maximum model length|)"
        R"(input token count.*exceeds the maximum|maximum prompt length is \d+|)"
        R"(reduce the length of the messages|longer than the model'?s context length|)"
        R"(greater than the context length|too large for model with \d+ maximum context|)"
        R"(input is too long for requested model|maximum allowed input length of|)"
        R"(context window exceeds limit|exceeded model token limit|)"
        R"(range of input length should be|prompt exceeds max length|context window exceeded|)"
        R"(input is too large to process|too many tokens)",
        ignoring_case());
    const auto text = re2::StringPiece(message.data(), message.size());
    return may_be_overflow(status) && (status == 413 || (!RE2::PartialMatch(text, excluded) &&
                                                         RE2::PartialMatch(text, overflow)));
}

chat::Failure failure_of(const ErrorWords& words, int status, std::optional<Millis> retry_after)
{
    const auto said = lower(words.message + '\n' + words.code + '\n' + words.type);
    chat::Failure failure;
    failure.status = status_of(words, status);
    failure.kind = kind_of(words, said, failure.status);
    failure.retry_after = retry_after ? retry_after : words.retry_after;
    failure.message = printable(without_keys(words.message), longest_message);
    if (failure.message.empty()) {
        failure.message = !words.code.empty()   ? printable(words.code)
                          : !words.type.empty() ? printable(words.type)
                                                : "no reason given";
    }
    return failure;
}

chat::Failure classify(int status, std::string_view body, std::optional<Millis> retry_after)
{
    return failure_of(read_error_body(body), status, retry_after);
}

}  // namespace spillway::dialect
