#include "spillway/dialect/request_reader.hpp"

#include <algorithm>

#include "request_scan.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;

/// No API has more parameters; bounds what one body can make us remember.
constexpr std::size_t most_members = 1000;
constexpr std::size_t longest_model = 512;

bool has(const chat::RequestFacts& facts, std::string_view key)
{
    return std::any_of(facts.members.begin(), facts.members.end(),
                       [key](const chat::Member& member) { return member.key == key; });
}

void read_member(RequestScan& scan, const JsonKey& key)
{
    auto& json = scan.json;
    const auto* parameter = find_parameter(key.text);
    scan.keys.add(key);
    chat::Member member;
    // A key spelled with escapes cannot be a view of the body: known ones get their plain name,
    // others keep their spelling.
    const auto begin = json.offset();
    if (key.escaped && parameter != nullptr) {
        member.key = parameter->name;
    } else if (key.escaped) {
        const auto quote = json.text().rfind('"', begin - 1);
        member.key = json.text().substr(key.offset + 1, quote - key.offset - 1);
    } else {
        member.key = key.text;
    }
    if (parameter != nullptr) {
        parameter->read(scan);
    }
    if (json.ok() && json.offset() == begin) {
        json.skip();
    }
    if (!json.ok()) {
        return;
    }
    member.value = {begin, json.end() - begin};
    member.entry = {key.offset, json.end() - key.offset};
    scan.facts.members.push_back(member);
    if (scan.facts.members.size() > most_members) {
        scan.refuse({Errc::invalid_request, "The body has more than 1000 parameters."});
    }
}

void require(RequestScan& scan, Endpoint endpoint, std::string_view key, std::string_view instead)
{
    const auto& facts = scan.facts;
    if (scan.endpoint == endpoint && !has(facts, key) &&
        (instead.empty() || !has(facts, instead))) {
        scan.refuse(
            Error{Errc::invalid_request, "Missing required parameter: '" + std::string(key) + "'."}
                .about(std::string(key)));
    }
}

void check_model(RequestScan& scan)
{
    const auto& model = scan.facts.model;
    if (model.empty()) {
        scan.refuse(
            Error{Errc::missing_model, "You must provide a model parameter."}.about("model"));
        return;
    }
    const bool control = std::any_of(model.begin(), model.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (control || model.size() > longest_model) {
        scan.refuse(
            Error{Errc::invalid_request, control ? "Invalid 'model': it holds control characters."
                                                 : "Invalid 'model': it is longer than 512 bytes."}
                .about("model"));
    }
}

void read_body(RequestScan& scan)
{
    auto& json = scan.json;
    if (json.peek() != '{') {
        const auto got = type_of_next(json);
        if (json.skip() && json.finish()) {
            scan.refuse({Errc::invalid_request,
                         "The body must be a JSON object, but is " + std::string(got) + "."});
        }
        return;
    }
    const auto mark = scan.keys.open();
    json.object([&](const JsonKey& key) { read_member(scan, key); });
    const auto twice = scan.keys.close(mark);
    if (!json.finish()) {
        return;
    }
    if (twice.data() != nullptr) {
        const auto key = printable(twice, 64);
        scan.refuse(Error{Errc::duplicate_key, "The key '" + key + "' appears twice."}.about(key));
        return;
    }
    check_model(scan);
    require(scan, Endpoint::chat, "messages", "");
    require(scan, Endpoint::completions, "prompt", "prompt_embeds");
    require(scan, Endpoint::embeddings, "input", "messages");
    settle_controls(scan);
}

Error not_json(JsonFault fault, std::size_t offset)
{
    std::string message = "The body is not valid JSON: ";
    message.append(describe(fault));
    if (offset > 0) {
        message += " (at byte " + std::to_string(offset) + ")";
    }
    return Error{Errc::invalid_json, message + "."};
}

}  // namespace

struct RequestReader::Scratch {
    JsonIndex index;
    KeyLedger keys;

    /// Takes the facts of `body`. Returns why it is refused, if it is.
    std::optional<Error> read(std::string_view body, Endpoint endpoint, chat::RequestFacts& facts);
};

std::optional<Error> RequestReader::Scratch::read(std::string_view body, Endpoint endpoint,
                                                  chat::RequestFacts& facts)
{
    if (const auto fault = index.scan(body); fault != JsonFault::none) {
        return not_json(fault, 0);
    }
    constexpr std::size_t usual_members = 12;
    facts.members.reserve(usual_members);
    JsonWalker json(body, index.tokens());
    RequestScan scan{json, keys, facts, endpoint, std::nullopt, {}};
    read_body(scan);
    keys.clear();
    if (!scan.error && !json.ok()) {
        return not_json(json.fault(), json.fault_offset());
    }
    return std::move(scan.error);
}

RequestReader::RequestReader() : scratch_(std::make_unique<Scratch>()) {}
RequestReader::~RequestReader() = default;

Result<chat::RequestFacts> RequestReader::read(std::string_view body, chat::Endpoint endpoint)
{
    // The facts are large: they are made where the caller gets them.
    Result<chat::RequestFacts> facts;
    auto refusal = scratch_->read(body, endpoint, *facts);
    scratch_->index.shrink();
    if (refusal) {
        facts = fail(std::move(*refusal));
    }
    return facts;
}

}  // namespace spillway::dialect
