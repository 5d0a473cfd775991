#include <algorithm>

#include "spend_pages.hpp"
#include "spend_questions.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/cost.hpp"

namespace spillway::admin {

namespace {

constexpr std::int64_t most_tokens = 1'000'000'000;

/// A count of `object`; 0 for what is none.
Tokens count_of(const Json& object, const char* name)
{
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || found == object.end() || !found->is_number_integer())
        return Tokens{0};
    return Tokens{std::clamp<std::int64_t>(found->get<std::int64_t>(), 0, most_tokens)};
}

Json member(const Json& object, const char* name)
{
    return object.is_object() && object.contains(name) ? object[name] : Json();
}

chat::Usage usage_of(const Json& reported)
{
    chat::Usage usage;
    usage.source = chat::UsageSource::exact;
    usage.prompt = count_of(reported, "prompt_tokens");
    usage.completion = count_of(reported, "completion_tokens");
    usage.cached = std::min(count_of(member(reported, "prompt_tokens_details"), "cached_tokens"),
                            usage.prompt);
    return usage;
}

/// All text of the messages.
std::string text_of_messages(const Json& messages)
{
    std::string text;
    for (const auto& message : messages) {
        const auto content = member(message, "content");
        if (content.is_string()) {
            text.append(content.get<std::string>()).append("\n");
        } else if (content.is_array()) {
            for (const auto& part : content)
                if (const auto words = member(part, "text"); words.is_string())
                    text.append(words.get<std::string>()).append("\n");
        }
    }
    return text;
}

/// The prices of a group, a deployment or a model that the table knows.
std::optional<ledger::Rate> rate_of(const View& view, const std::string& model)
{
    const auto found =
        std::find_if(view.deployments.begin(), view.deployments.end(), [&](const Deployment& each) {
            return each.group == model || each.id == model || each.model == model ||
                   each.upstream_model == model;
        });
    if (found != view.deployments.end())
        return found->rate;
    const auto* row = view.prices ? view.prices->find(model) : nullptr;
    if (row == nullptr)
        return std::nullopt;
    return ledger::Rate{row->prices, row->long_above, row->long_prices};
}

}  // namespace

Result<std::string> calculate_spend(const Request& request, const View& view)
{
    const auto body = read_object(request.body);
    if (!body)
        return fail(body.error());
    const auto response = member(*body, "completion_response");
    auto model = member(*body, "model");
    if (!model.is_string())
        model = member(response, "model");
    if (!model.is_string())
        return fail(Error(Errc::invalid_request,
                          "model and messages, or completion_response, must be given.")
                        .about("model"));
    const auto name = model.get<std::string>();
    chat::Usage usage;
    if (const auto reported = member(response, "usage"); reported.is_object()) {
        usage = usage_of(reported);
    } else if (const auto messages = member(*body, "messages");
               messages.is_array() && view.count_tokens) {
        usage.source = chat::UsageSource::estimated;
        usage.prompt = view.count_tokens(name, text_of_messages(messages));
    } else {
        return fail(Error(Errc::invalid_request,
                          "messages, or completion_response with its usage, must be given.")
                        .about("messages"));
    }
    const auto rate = rate_of(view, name);
    const auto cost = rate ? ledger::cost(*rate, usage) : std::nullopt;
    if (!cost)
        return fail(Error(Errc::invalid_request, "There is no price of \"" + printable(name, 80) +
                                                     "\": give it one under prices.")
                        .about("model"));
    return text_of(Json{{"cost", ledger::Spend{0, count(*cost)}.usd()}});
}

}  // namespace spillway::admin
