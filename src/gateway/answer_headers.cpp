#include "spillway/gateway/answer_headers.hpp"

#include <algorithm>
#include <string>

#include "spillway/base/text.hpp"

namespace spillway::gateway {
namespace {

bool starts_with_nocase(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() && iequals(text.data(), prefix.data(), prefix.size());
}

/// By length and first letter: nearly every field of a reply is none of these.
bool is_for_clients(std::string_view name)
{
    switch (name.size()) {
        case 10:
            if (iequals(name, "request-id"))
                return true;
            break;
        case 11:
            if (iequals(name, "retry-after"))
                return true;
            break;
        case 12:
            if (iequals(name, "content-type") || iequals(name, "x-request-id"))
                return true;
            break;
        case 14:
            if (iequals(name, "retry-after-ms"))
                return true;
            break;
        case 19:
            if (iequals(name, "content-disposition"))
                return true;
            break;
        default:
            break;
    }
    switch (name.empty() ? '\0' : name.front()) {
        case 'x':
        case 'X':
            return starts_with_nocase(name, "x-ratelimit-");
        case 'o':
        case 'O':
            return starts_with_nocase(name, "openai-");
        case 'a':
        case 'A':
            return starts_with_nocase(name, "anthropic-ratelimit-");
        default:
            return false;
    }
}

void copy_field(LineBuffer& lines, std::string_view name, std::string_view value, RateLines rates)
{
    if (rates == RateLines::own && starts_with_nocase(name, "x-ratelimit-"))
        lines.put("llm_provider-");
    lines.put(name).put(": ").put(value).put("\r\n");
}

}  // namespace

/// What does not fit behind the rest.
LineBuffer& LineBuffer::put_large(std::string_view piece)
{
    hand_over();
    if (piece.size() <= bytes_.size())
        return put(piece);
    lines_.add_block(piece);
    return *this;
}

void LineBuffer::hand_over()
{
    lines_.add_block({bytes_.data(), used_});
    used_ = 0;
}

std::string answer_block(std::string_view deployment, std::string_view group,
                         std::string_view api_base)
{
    net::HeaderLines lines;
    lines.add("x-spillway-model-id", deployment).add("x-litellm-model-id", deployment);
    lines.add("x-spillway-model-group", group).add("x-litellm-model-group", group);
    lines.add("x-litellm-model-api-base", api_base);
    return lines.text();
}

void copy_reply_headers(LineBuffer& lines, const net::ReplyHead& head, RateLines rates)
{
    for (const auto& field : head.fields) {
        if (is_for_clients(field.name))
            copy_field(lines, field.name, field.value, rates);
    }
}

void copy_reply_headers_as(LineBuffer& lines, const net::ReplyHead& head, RateLines rates,
                           std::string_view type)
{
    lines.put("content-type: ").put(type).put("\r\n");
    for (const auto& field : head.fields) {
        if (is_for_clients(field.name) && !iequals(field.name, "content-type"))
            copy_field(lines, field.name, field.value, rates);
    }
}

void add_answer_headers(LineBuffer& lines, const RequestId& id, const Upstream& upstream,
                        int retries, int fallbacks)
{
    const auto digits = id.digits();
    const std::string_view call{digits.data(), digits.size()};
    lines.put("x-spillway-call-id: ").put(call);
    lines.put("\r\nx-litellm-call-id: ").put(call).put("\r\n");
    lines.put(upstream.answer_block);
    if (retries == 0 && fallbacks == 0) {
        lines.put(
            "x-spillway-attempted-retries: 0\r\nx-litellm-attempted-retries: 0\r\n"
            "x-spillway-attempted-fallbacks: 0\r\nx-litellm-attempted-fallbacks: 0\r\n");
        return;
    }
    lines.put("x-spillway-attempted-retries: ").put(retries);
    lines.put("\r\nx-litellm-attempted-retries: ").put(retries);
    lines.put("\r\nx-spillway-attempted-fallbacks: ").put(fallbacks);
    lines.put("\r\nx-litellm-attempted-fallbacks: ").put(fallbacks).put("\r\n");
}

void add_final_headers(LineBuffer& lines, const ledger::SpendRecord& record, const Outcome& outcome)
{
    if (record.cost) {
        const auto cost = ledger::decimal_usd(*record.cost);
        lines.put("x-spillway-response-cost: ").put(cost);
        lines.put("\r\nx-litellm-response-cost: ").put(cost).put("\r\n");
    }
    const auto own = std::max<std::int64_t>(0, (record.total - outcome.upstream_time).count());
    lines.put("x-spillway-overhead-duration-ms: ").put(own);
    lines.put("\r\nx-litellm-overhead-duration-ms: ").put(own);
    lines.put("\r\nx-litellm-response-duration-ms: ").put(record.total.count()).put("\r\n");
}

}  // namespace spillway::gateway
