// What a client says in `metadata`, as an object or as a text that holds one.
#include <algorithm>
#include <array>

#include "request_scan.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/metadata_text.hpp"

namespace spillway::dialect {
namespace {

/// Strings within strings; nobody means more.
constexpr int most_wrappings = 4;
constexpr std::size_t longest_tag_list = std::size_t{16} * 1024;

Error neither_yes_nor_no(std::string_view param)
{
    std::string message = "Invalid '";
    message.append(param).append("': expected true or false.");
    return Error{Errc::invalid_request, std::move(message)}.about(std::string(param));
}

/// A member of the metadata that is yes or no. OpenAI's own metadata is a map of texts, so that
/// typed clients can only say "true". What is neither is refused: it may have meant that the
/// request must not leave.
bool read_wish(RequestScan& scan, std::string_view param)
{
    auto& json = scan.json;
    const char first = json.peek();
    std::optional<bool> said;
    if (first == 'n') {
        json.skip();
        return false;
    }
    if (first == '"') {
        if (const auto text = json.string()) {
            said = yes_or_no(text->text());
        }
    } else if (first != '{' && first != '[') {
        const auto begin = json.offset();
        json.skip();
        if (json.ok()) {
            said = yes_or_no(json.since(begin));
        }
    }
    if (!said) {
        scan.refuse(neither_yes_nor_no(param));
    }
    return said.value_or(false);
}

/// One yes is enough, wherever it stands.
void read_object(RequestScan& scan, std::string_view name)
{
    auto& facts = scan.facts;
    scan.json.object([&](const JsonKey& key) {
        if (key.text == "tags") {
            read_tags(scan);
        } else if (key.text == "no_fallback") {
            facts.stay_local =
                read_wish(scan, std::string(name) + ".no_fallback") || facts.stay_local;
        } else if (key.text == "explain") {
            facts.explain = read_wish(scan, std::string(name) + ".explain") || facts.explain;
        }
    });
}

enum class Held : std::uint8_t { object, text, other, no_json };

/// What `text` holds. When it is a JSON string, its inside takes the place of `text`.
Held look_into(std::string& text, JsonIndex& index)
{
    const auto json = index.copy(text);
    if (index.scan(json) != JsonFault::none) {
        return Held::no_json;
    }
    JsonWalker whole(json, index.tokens());
    if (!whole.skip() || !whole.finish()) {
        return Held::no_json;
    }
    JsonWalker value(json, index.tokens());
    if (value.peek() == '"') {
        text = value.string()->text();
        return Held::text;
    }
    return value.peek() == '{' ? Held::object : Held::other;
}

}  // namespace

void read_tags(RequestScan& scan)
{
    auto& json = scan.json;
    if (json.peek() == '"') {
        if (const auto list = json.string()) {
            hear_tags(list->text(), scan.facts);
        }
        return;
    }
    if (json.peek() != '[') {
        return;
    }
    json.array([&] {
        if (json.peek() == '"') {
            if (const auto tag = json.string()) {
                scan.facts.tags.push_back(tag->text());
            }
        }
    });
}

void read_metadata(RequestScan& scan, std::string_view name)
{
    if (scan.json.peek() == '{') {
        read_object(scan, name);
    } else if (scan.json.peek() == '"') {
        const auto text = scan.json.string();
        if (!text) {
            return;
        }
        if (auto refused = hear_metadata(text->text(), name, scan.facts)) {
            scan.refuse(*std::move(refused));
        }
    }
}

std::optional<std::string> object_within(std::string_view text)
{
    auto& index = JsonIndex::of_this_thread();
    std::string held(text);
    auto found = Held::text;
    for (int i = 0; i < most_wrappings && found == Held::text; ++i) {
        found = look_into(held, index);
    }
    index.shrink();
    return found == Held::object ? std::optional(std::move(held)) : std::nullopt;
}

std::optional<Error> hear_metadata(std::string_view text, std::string_view name,
                                   chat::RequestFacts& facts)
{
    const auto object = object_within(text);
    if (!object) {
        if (text.find("no_fallback") == std::string_view::npos) {
            return std::nullopt;
        }
        return Error{Errc::invalid_request, "Invalid '" + std::string(name) +
                                                "': it names no_fallback, but is no JSON object, "
                                                "so whether the request must stay local cannot be "
                                                "told."}
            .about(std::string(name));
    }
    auto& index = JsonIndex::of_this_thread();
    const auto json = index.copy(*object);
    if (index.scan(json) != JsonFault::none) {
        return std::nullopt;  // It was scanned before.
    }
    JsonWalker walker(json, index.tokens());
    KeyLedger keys;
    RequestScan scan{walker, keys, facts, chat::Endpoint::other, std::nullopt, {}};
    read_object(scan, name);
    index.shrink();
    return std::move(scan.error);
}

std::optional<std::string> metadata_for_others(std::string_view object)
{
    const bool names_ours = object.find("explain") != std::string_view::npos ||
                            object.find("no_fallback") != std::string_view::npos;
    if (!object.starts_with('{') || !names_ours) {
        return std::nullopt;
    }
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(object);
    if (index.scan(text) != JsonFault::none) {
        return std::nullopt;
    }
    std::string kept = "{";
    JsonWalker json(text, index.tokens());
    json.object([&](const JsonKey& key) {
        const bool explains = key.text == "explain";
        const bool stays = key.text == "no_fallback";
        const auto entry = key.offset;
        const auto begin = json.offset();
        if (!json.skip() || explains) {
            return;
        }
        auto value = json.since(begin);
        if (stays && value.starts_with('"')) {
            value = value.substr(1, value.size() - 2);
        }
        if (stays && !yes_or_no(value).value_or(false)) {
            return;
        }
        kept += kept.size() > 1 ? "," : "";
        kept += stays ? std::string_view(R"("no_fallback":"true")") : json.since(entry);
    });
    index.shrink();
    return kept + "}";
}

void hear_tags(std::string_view text, chat::RequestFacts& facts)
{
    if (text.size() > longest_tag_list) {
        facts.tags.emplace_back(text);
        return;
    }
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        if (const auto tag = trimmed(text.substr(0, end)); !tag.empty()) {
            facts.tags.emplace_back(tag);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::optional<Error> hear_metadata_member(std::string_view text, std::string_view name,
                                          std::string_view member, chat::RequestFacts& facts)
{
    if (member == "[tags]") {
        hear_tags(text, facts);
        return std::nullopt;
    }
    if (member.starts_with("[tags]")) {
        facts.tags.emplace_back(text);
        return std::nullopt;
    }
    const std::array<std::pair<std::string_view, bool*>, 2> wishes{{
        {"[no_fallback]", &facts.stay_local},
        {"[explain]", &facts.explain},
    }};
    for (const auto& [wish, place] : wishes) {
        if (member != wish) {
            continue;
        }
        const auto said = yes_or_no(text);
        if (!said) {
            return neither_yes_nor_no(std::string(name) + "." +
                                      std::string(wish.substr(1, wish.size() - 2)));
        }
        *place = *place || *said;
    }
    return std::nullopt;
}

}  // namespace spillway::dialect
