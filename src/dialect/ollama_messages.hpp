#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

/// OpenAI's `messages` in Ollama's form: one text per message, images beside it, arguments of tool
/// calls as objects, results of tools by the name of the tool. Strings go over as they are written.
class OllamaMessages {
public:
    /// Reads the array that comes next. What is wrong with it stands in `error` afterwards.
    void read(JsonWalker& json);

    /// The translated array; empty when there was none.
    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] std::size_t size() const { return messages_; }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    /// One message. Views are the insides of JSON strings, escapes and all.
    struct Message {
        std::string_view role;
        std::string content;
        std::string_view thinking;
        std::string_view call_id;
        std::string_view name;
        std::vector<std::string> images;  ///< As JSON strings.
        std::string calls;                ///< JSON objects.
        std::size_t call_count = 0;
    };
    struct Part {
        std::string_view type;
        std::optional<JsonString> text;
        std::optional<JsonString> url;
    };

    void read_message(JsonWalker& json);
    void read_member(JsonWalker& json, const JsonKey& key, Message& message);
    void read_content(JsonWalker& json, Message& message);
    void read_part(JsonWalker& json, Message& message);
    void take_part(const Part& part, Message& message);
    void take_image(const JsonString& url, Message& message);
    void read_calls(JsonWalker& json, Message& message);
    void read_call(JsonWalker& json, Message& message);
    void read_function(JsonWalker& json, std::string_view& name, std::string& arguments);
    [[nodiscard]] std::string read_arguments(JsonWalker& json);
    void write(const Message& message);
    void refuse(Errc code, std::string message);

    std::string out_;
    std::size_t messages_ = 0;
    /// What each call of a tool asked for, by its id, both as written.
    std::map<std::string, std::string, std::less<>> names_;
    std::optional<Error> error_;
};

}  // namespace spillway::dialect
