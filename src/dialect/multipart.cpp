// The model of a multipart/form-data body (RFC 7578) and what its client wishes, found without
// copying the parts.
#include <algorithm>
#include <cstring>

#include "spillway/base/text.hpp"
#include "spillway/dialect/metadata_text.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

constexpr std::size_t longest_part_head = 8 * 1024;
constexpr std::size_t most_parts = 1000;
constexpr std::size_t longest_value = 512;
constexpr std::string_view line_end = "\r\n";

/// memmem: a body is megabytes of audio, which find() would walk byte by byte.
std::size_t find_in(std::string_view text, std::string_view wanted, std::size_t from)
{
    const void* found =
        ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
    return found == nullptr
               ? std::string_view::npos
               : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

bool is_token_char(char c)
{
    constexpr std::string_view separators = "()<>@,;:\\\"/[]?={} \t";
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F &&
           separators.find(c) == std::string_view::npos;
}

struct Parameter {
    std::string_view name;
    std::string_view value;
    bool well_formed = false;
};

/// The end of the quoted string at the front of `text`; a backslash keeps the next character in.
std::size_t closing_quote(std::string_view text)
{
    std::size_t at = 1;
    while (at < text.size() && text[at] != '"') {
        at += text[at] == '\\' ? 2 : 1;
    }
    return at < text.size() ? at : std::string_view::npos;
}

/// Takes the next `; name=value` off `rest`. A value with a backslash is not `well_formed`: clients
/// and servers do not agree on what one means.
Parameter take_parameter(std::string_view& rest)
{
    rest = trimmed(rest);
    if (rest.empty() || rest.front() != ';') {
        return {};
    }
    rest = trimmed(rest.substr(1));
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) {
        return {};
    }
    Parameter parameter;
    parameter.name = trimmed(rest.substr(0, equals));
    rest = rest.substr(equals + 1);
    if (!rest.empty() && rest.front() == '"') {
        const auto quote = closing_quote(rest);
        if (quote == std::string_view::npos) {
            return {};
        }
        parameter.value = rest.substr(1, quote - 1);
        // Who ends the string at the escaped quote would read further parameters in it.
        if (parameter.value.find("\\\"") != std::string_view::npos &&
            parameter.value.find('=') != std::string_view::npos) {
            return {};
        }
        rest.remove_prefix(quote + 1);
        parameter.well_formed = parameter.value.find('\\') == std::string_view::npos;
        return parameter;
    }
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_token_char) - rest.begin();
    parameter.value = rest.substr(0, static_cast<std::size_t>(end));
    rest.remove_prefix(parameter.value.size());
    parameter.well_formed = !parameter.value.empty();
    return parameter;
}

Error malformed(std::string_view why)
{
    return Error{Errc::invalid_request,
                 "The multipart body is malformed: " + std::string(why) + "."};
}

Result<std::string> read_boundary(std::string_view content_type)
{
    constexpr std::size_t longest_boundary = 70;  // RFC 2046, 5.1.1
    auto rest = content_type.substr(std::min(content_type.find(';'), content_type.size()));
    std::string boundary;
    while (!trimmed(rest).empty()) {
        const auto parameter = take_parameter(rest);
        if (!parameter.well_formed) {
            return fail(malformed("its Content-Type cannot be read"));
        }
        if (iequals(parameter.name, "boundary")) {
            if (!boundary.empty()) {
                return fail(malformed("it names two boundaries"));
            }
            boundary = parameter.value;
        }
    }
    if (boundary.empty() || boundary.size() > longest_boundary) {
        return fail(malformed("its Content-Type names no boundary of 1 to 70 characters"));
    }
    return boundary;
}

/// What a part's head says that matters here.
struct PartHead {
    std::string_view name;
    bool is_file = false;
    bool is_encoded = false;
};

Result<PartHead> read_disposition(std::string_view value)
{
    PartHead head;
    auto rest = value.substr(std::min(value.find(';'), value.size()));
    while (!trimmed(rest).empty()) {
        const auto before = rest;
        const auto parameter = take_parameter(rest);
        const bool names_field =
            iequals(parameter.name, "name") || iequals(parameter.name, "name*");
        if (names_field &&
            (!parameter.well_formed || head.name.data() != nullptr || parameter.name.size() != 4)) {
            return fail(malformed("a part's name can be read in two ways"));
        }
        if (names_field) {
            head.name = parameter.value;
        }
        head.is_file = head.is_file || lower(parameter.name).substr(0, 8) == "filename";
        if (rest.size() == before.size() || parameter.name.empty()) {
            return fail(malformed("a part's Content-Disposition cannot be read"));
        }
    }
    return head;
}

Result<PartHead> read_part_head(std::string_view text)
{
    PartHead head;
    bool disposed = false;
    while (!text.empty()) {
        const auto end = std::min(text.find(line_end), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(text.size(), end + line_end.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            return fail(malformed("a part's head has a line without a colon"));
        }
        const auto name = line.substr(0, colon);
        const auto value = trimmed(line.substr(colon + 1));
        if (iequals(name, "content-disposition")) {
            auto read = read_disposition(value);
            if (!read || disposed) {
                return read ? fail(malformed("a part has two names")) : std::move(read);
            }
            disposed = true;
            read->is_encoded = head.is_encoded;
            head = *read;
        } else if (iequals(name, "content-transfer-encoding")) {
            head.is_encoded = iequals(value, "base64") || iequals(value, "quoted-printable");
        }
    }
    return head;
}

/// `metadata` as JSON, or its members as forms spell them: "metadata[no_fallback]". It may have
/// come as a file: browsers send typed JSON as one. @return Empty, or why the body is refused.
std::optional<Error> take_metadata(chat::RequestFacts& facts, const PartHead& head,
                                   std::string_view body, chat::ByteRange value)
{
    const auto bracket = std::min(head.name.find('['), head.name.size());
    const auto name = head.name.substr(0, bracket);
    const auto member = head.name.substr(bracket);
    if (name != "metadata" && name != "litellm_metadata") {
        return std::nullopt;
    }
    const auto text = value.of(body);
    // Encoded, or in an encoding of two bytes a letter: it may say anything.
    if (head.is_encoded || text.find('\0') != std::string_view::npos) {
        return Error{Errc::invalid_request,
                     "Invalid '" + std::string(name) + "': expected plain text in UTF-8."}
            .about(std::string(name));
    }
    facts.members.push_back({head.name, value, value});
    return member.empty() ? hear_metadata(text, name, facts)
                          : hear_metadata_member(text, name, member, facts);
}

/// Reads the fields that matter into `facts`. @return Empty, or why the body is refused.
std::optional<Error> take_field(chat::RequestFacts& facts, const PartHead& head,
                                std::string_view body, chat::ByteRange value)
{
    const auto text = value.of(body);
    if (head.name == "stream" && !head.is_file) {
        facts.delivery =
            iequals(text, "true") || text == "1" ? chat::Delivery::stream : chat::Delivery::whole;
    }
    if (head.name == "user" && !head.is_file && text.size() <= longest_value) {
        facts.end_user = text;
    }
    if (head.name == "tags" && !head.is_file) {
        hear_tags(text, facts);
    } else if (head.name.starts_with("tags[") && !head.is_file) {
        facts.tags.emplace_back(text);
    }
    if (head.name != "model") {
        return take_metadata(facts, head, body, value);
    }
    const bool twice = std::any_of(facts.members.begin(), facts.members.end(),
                                   [](const auto& each) { return each.key == "model"; });
    if (twice) {
        return Error{Errc::duplicate_key, "The field 'model' appears twice."}.about("model");
    }
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (head.is_file || head.is_encoded || control || text.size() > longest_value) {
        return Error{Errc::invalid_request, "Invalid 'model': expected a short line of text."}
            .about("model");
    }
    facts.model = text;
    facts.members.push_back({"model", value, value});
    return std::nullopt;
}

}  // namespace

Result<chat::RequestFacts> read_multipart(std::string_view body, std::string_view content_type)
{
    const auto boundary = read_boundary(content_type);
    if (!boundary) {
        return fail(boundary.error());
    }
    const auto first = "--" + *boundary;
    const auto delimiter = "\r\n--" + *boundary;
    // The first delimiter has no line end in front of it; a preamble is not sent by anyone.
    if (body.substr(0, first.size()) != first) {
        return fail(malformed("it does not begin with its boundary"));
    }
    chat::RequestFacts facts;
    auto at = first.size();
    for (std::size_t parts = 0; body.substr(at, 2) != "--"; ++parts) {
        if (parts == most_parts) {
            return fail(malformed("it has more than 1000 parts"));
        }
        const auto head_begin = at + line_end.size();
        const auto head_end = body.substr(0, head_begin + longest_part_head).find("\r\n\r\n", at);
        if (body.substr(at, 2) != line_end || head_end == std::string_view::npos) {
            return fail(malformed("a part has no head"));
        }
        const auto value_begin = head_end + 4;
        const auto head_size = head_end > head_begin ? head_end - head_begin : 0;
        const auto head = read_part_head(body.substr(head_begin, head_size));
        const auto value_end = find_in(body, delimiter, value_begin);
        if (!head || value_end == std::string_view::npos) {
            return fail(head ? malformed("its last boundary is missing") : head.error());
        }
        const chat::ByteRange value{value_begin, value_end - value_begin};
        if (auto refused = take_field(facts, *head, body, value)) {
            return fail(std::move(*refused));
        }
        at = value_end + delimiter.size();
    }
    if (facts.model.empty()) {
        return fail(
            Error{Errc::missing_model, "You must provide a model parameter."}.about("model"));
    }
    return facts;
}

}  // namespace spillway::dialect
