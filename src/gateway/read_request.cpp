#include "spillway/gateway/read_request.hpp"

#include <algorithm>
#include <utility>

#include "field_values.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/models.hpp"
#include "spillway/gateway/ollama_pages.hpp"

namespace spillway::gateway {
namespace {

/// What of a request's head goes on to an upstream; all other headers stay here.
struct HeadFacts {
    std::string_view content_type;
    std::string_view idempotency_key;
    std::string_view x_idempotency_key;
    std::string_view openai_beta;
    std::string_view anthropic_beta;
    std::string_view anthropic_version;
};

/// Finds them in one pass, by length: nearly every field is none of these. The first of a name
/// counts.
HeadFacts read_fields(const net::Fields& fields)
{
    HeadFacts facts;
    for (const auto& field : fields) {
        const auto note = [&field](std::string_view name, std::string_view& place) {
            if (place.empty() && iequals(field.name, name))
                place = field.value;
        };
        switch (field.name.size()) {
            case 11:
                note("openai-beta", facts.openai_beta);
                break;
            case 12:
                note("content-type", facts.content_type);
                break;
            case 14:
                note("anthropic-beta", facts.anthropic_beta);
                break;
            case 15:
                note("idempotency-key", facts.idempotency_key);
                break;
            case 17:
                note("anthropic-version", facts.anthropic_version);
                note("x-idempotency-key", facts.x_idempotency_key);
                break;
            default:
                break;
        }
    }
    return facts;
}

std::string forwarded_lines(const HeadFacts& facts)
{
    std::string lines;
    const auto add = [&lines](std::string_view name, std::string_view value) {
        if (!value.empty())
            lines.append(name).append(value).append("\r\n");
    };
    add("idempotency-key: ", facts.idempotency_key);
    add("openai-beta: ", facts.openai_beta);
    add("anthropic-beta: ", facts.anthropic_beta);
    add("anthropic-version: ", facts.anthropic_version);
    return lines;
}

/// The key under which the same request gets the same answer. It goes upstream as well.
Result<void> note_key(InferenceRequest& request, HeadFacts& facts)
{
    if (facts.idempotency_key.empty() && facts.x_idempotency_key.empty())
        return {};
    const auto key = idempotency_key(facts.idempotency_key, facts.x_idempotency_key);
    if (!key)
        return fail(key.error());
    facts.idempotency_key = *key;
    if (!request.arrival.snapshot->config.idempotency.enabled)
        return {};
    request.same = std::make_unique<SameRequest>();
    request.same->idempotency_key = *key;
    return {};
}

bool is_multipart(std::string_view content_type)
{
    constexpr std::string_view form = "multipart/form-data";
    return content_type.size() >= form.size() && iequals(content_type.substr(0, form.size()), form);
}

/// A GET that names its model in the query: the query is forwarded with the model last, so that
/// the deployment's own name can be put behind it.
Result<void> read_query(InferenceRequest& request, const Destination& destination,
                        const net::RequestHead& head)
{
    const auto model = percent_decoded(destination.query_model);
    if (!model || model->empty())
        return fail(Error(Errc::missing_model, "The query names no model.").about("model"));
    request.facts.model = *model;
    request.form = BodyForm::none;
    request.method = "GET";
    std::string others;
    for (auto rest = head.query; !rest.empty();) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        if (pair.substr(0, 6) != "model=")
            others.append(pair).append("&");
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    request.suffix.append("?").append(others).append("model=");
    return {};
}

/// Reads the body of a client that speaks Ollama's own API.
Result<void> read_ollama(InferenceRequest& request, Services& services)
{
    if (auto heard = hear_ollama(request); !heard)
        return heard;
    const auto& arrival = request.arrival;
    const std::string meant(served_model(*arrival.snapshot, arrival.caller, request.facts.model));
    if (!only_loads(request)) {
        auto facts = services.reader.read(request.body, request.endpoint());
        if (!facts)
            return fail(std::move(facts).error());
        request.facts = *std::move(facts);
        request.facts.ollama_only = request.ollama->thoughts;
    }
    request.facts.model = meant;
    request.content_type = "application/json";
    return {};
}

}  // namespace

Result<void> take_header_tags(std::string_view list, chat::RequestFacts& facts)
{
    const auto refuse = [](std::string_view why) {
        return fail(Error(Errc::invalid_request,
                          "Invalid '" + std::string(tags_header) + "': " + std::string(why) + ".")
                        .about(std::string(tags_header)));
    };
    std::size_t taken = 0;
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        const auto tag = trimmed(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        if (tag.empty())
            continue;
        if (tag.size() > longest_header_tag)
            return refuse("a tag is longer than 256 bytes");
        if (++taken > most_header_tags)
            return refuse("it holds more than 64 tags");
        auto& tags = facts.tags;
        if (std::find(tags.begin(), tags.end(), tag) == tags.end())
            tags.emplace_back(tag);
    }
    return {};
}

Result<void> take_header_tags(const net::Fields& fields, chat::RequestFacts& facts)
{
    std::string list;
    for (const auto value : values_of(fields, tags_header))
        list.append(list.empty() ? "" : ",").append(value);
    return take_header_tags(list, facts);
}

net::Task<Result<void>> read_request(InferenceRequest& request, const Destination& destination,
                                     net::Exchange& exchange, Services& services)
{
    const auto& head = exchange.head();
    request.method = "POST";
    request.suffix = destination.suffix;
    auto fields = read_fields(head.fields);
    if (auto noted = note_key(request, fields); !noted)
        co_return noted;
    request.forwarded = forwarded_lines(fields);

    if (!destination.query_model.empty()) {
        auto read = read_query(request, destination, head);
        if (!read)
            co_return read;
    } else if (destination.form != chat::ClientForm::openai) {
        const auto body = co_await exchange.read_body();
        if (!body)
            co_return tl::make_unexpected(body.error());
        request.body = *body;
        if (auto read = read_ollama(request, services); !read)
            co_return read;
    } else {
        const auto body = co_await exchange.read_body();
        if (!body)
            co_return tl::make_unexpected(body.error());
        request.body = *body;
        const bool multipart = is_multipart(fields.content_type);
        auto facts = multipart ? dialect::read_multipart(request.body, fields.content_type)
                               : services.reader.read(request.body, request.endpoint());
        if (!facts)
            co_return tl::make_unexpected(std::move(facts.error()));
        request.facts = *std::move(facts);
        request.form = multipart ? BodyForm::multipart : BodyForm::json;
        request.content_type = multipart ? fields.content_type : "application/json";
        if (!head.query.empty())
            request.suffix.append("?").append(head.query);
    }
    if (auto taken = take_header_tags(head.fields, request.facts); !taken)
        co_return taken;
    request.received = services.clock.now();
    co_return Result<void>{};
}

}  // namespace spillway::gateway
