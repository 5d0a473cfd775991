#include "spillway/dialect/openai_reply.hpp"

#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

/// The text that a client is shown: the error's own, else its kind's sentence.
std::string message_of(const Error& error)
{
    return json_quoted(error.message().empty() ? describe(error.code()).sentence
                                               : std::string_view(error.message()));
}

/// The four keys of OpenAI's error object; `param` is null when no field is at fault.
std::string error_object(const Error& error)
{
    const auto& row = describe(error.code());
    std::string text = R"({"message":)";
    text.append(message_of(error)).append(R"(,"type":)").append(json_quoted(row.type));
    text.append(R"(,"param":)").append(error.param().empty() ? "null" : json_quoted(error.param()));
    text.append(R"(,"code":)").append(json_quoted(row.name)).append("}");
    return text;
}

}  // namespace

std::string error_body(const Error& error)
{
    return R"({"error":)" + error_object(error) + "}";
}

std::string error_event(const Error& error)
{
    return "data: " + error_body(error) + "\n\n";
}

std::string responses_error_events(const Error& error)
{
    const auto& row = describe(error.code());
    std::string text = "event: error\ndata: {\"type\":\"error\",\"sequence_number\":0,\"error\":";
    text.append(error_object(error)).append("}\n\n");
    text.append("event: response.failed\n");
    text.append(
        R"(data: {"type":"response.failed","sequence_number":1,"response":{"object":"response",)");
    text.append(R"("status":"failed","error":{"code":)").append(json_quoted(row.name));
    text.append(R"(,"message":)").append(message_of(error));
    text.append(R"(},"incomplete_details":null,"output":[],"usage":null}})").append("\n\n");
    return text;
}

}  // namespace spillway::dialect
