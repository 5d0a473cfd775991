#include "chunk.hpp"

namespace spillway::dialect {
namespace {

constexpr std::size_t longest_word = 128;

/// Goes through one chunk. Every method reads or leaves the next value; what is left is skipped.
class ChunkReader {
public:
    ChunkReader(JsonWalker& json, UsageTally& usage, Output output, Chunk& chunk)
        : json_(json), usage_(usage), output_(output), chunk_(chunk)
    {}

    void read()
    {
        std::size_t previous_end = 0;
        bool cuts_to_next = false;
        json_.object([&](const JsonKey& key) {
            if (cuts_to_next) {
                chunk_.usage_cut.length = key.offset - chunk_.usage_cut.offset;
                cuts_to_next = false;
            }
            const auto value = json_.offset();
            const bool null_usage = is(key.text, "usage") && json_.peek() == 'n';
            if (!null_usage) {
                read_member(key);
            }
            if (json_.offset() == value) {
                json_.skip();
            }
            if (null_usage) {
                // With the comma in front of it; the first member goes with the one behind it.
                const auto begin = previous_end == 0 ? key.offset : previous_end;
                chunk_.usage = Chunk::Report::null;
                chunk_.usage_cut = {begin, json_.end() - begin};
                cuts_to_next = previous_end == 0;
            }
            previous_end = json_.end();
        });
        if (says_error_ && !chunk_.error) {
            chunk_.error = std::move(words_);
        }
    }

private:
    void read_member(const JsonKey& key)
    {
        const auto name = key.text;
        switch (name.size()) {
            case 4:
                return read_four(key);
            case 5:
                return read_five(key);
            case 6:
                return read_six(key);
            case 7:
                return read_seven(key);
            case 8:
                return is(name, "response") ? read_envelope() : void();
            case 11:
                return is(name, "stop_reason") ? read_finish() : void();
            default:
                return;
        }
    }

    void read_four(const JsonKey& key)
    {
        if (is(key.text, "type")) {
            read_type(key);
        } else if (is(key.text, "data")) {
            json_.skip_bulk();  // Vectors, images: large, and nothing of it is read.
        } else {
            read_word(key);
        }
    }

    void read_five(const JsonKey& key)
    {
        if (is(key.text, "usage")) {
            read_usage();
        } else if (is(key.text, "model")) {
            read_model();
        } else if (is(key.text, "error")) {
            read_error();
        } else if (is(key.text, "delta")) {
            read_event_delta();
        } else {
            read_word(key);
        }
    }

    void read_six(const JsonKey& key)
    {
        if (is(key.text, "object")) {
            const auto object = json_.peek() == '"' ? json_.string() : std::nullopt;
            says_error_ = says_error_ || (object && is(object->raw, "error"));
        } else if (is(key.text, "output")) {
            count_output();
        } else if (is(key.text, "x_groq")) {
            read_envelope();
        }
    }

    void read_seven(const JsonKey& key)
    {
        if (is(key.text, "choices")) {
            read_choices();
        } else if (is(key.text, "content")) {
            count_output();
        } else if (is(key.text, "message")) {
            json_.peek() == '{' ? read_envelope() : read_word(key);
        } else if (is(key.text, "timings")) {
            usage_.read_timings(json_);
        }
    }

    void read_type(const JsonKey& key)
    {
        if (json_.peek() == '"') {
            read_string(chunk_.type);
            says_error_ = says_error_ || chunk_.type == "error";
            words_.type = chunk_.type;
        } else {
            read_word(key);
        }
    }

    /// Words of an error that is not wrapped in `error`; harmless in anything else.
    void read_word(const JsonKey& key)
    {
        if (is(key.text, "code") || is(key.text, "param") || is(key.text, "message")) {
            read_error_member(json_, key, words_);
        }
    }

    void read_string(std::string& target)
    {
        if (json_.peek() != '"') {
            return;
        }
        if (const auto text = json_.string()) {
            if (text->escaped()) {
                target = text->text();
            } else {
                target.assign(text->raw.substr(0, longest_word));
            }
        }
    }

    void read_model()
    {
        if (json_.peek() == '"') {
            const auto model = json_.string();
            chunk_.model = model ? model->raw : chunk_.model;
        }
    }

    void read_usage()
    {
        if (json_.peek() == '{') {
            chunk_.usage = Chunk::Report::tokens;
            usage_.read(json_);
        }
    }

    void read_error()
    {
        if (auto error = read_error_value(json_)) {
            chunk_.error = std::move(error);
        }
    }

    void read_finish()
    {
        if (json_.peek() == '"') {
            read_string(chunk_.finish_reason);
        }
    }

    void read_choices()
    {
        if (json_.peek() != '[') {
            return;
        }
        chunk_.choices = Chunk::Choices::empty;
        json_.array([&] {
            chunk_.choices = Chunk::Choices::some;
            if (json_.peek() == '{') {
                json_.object([&](const JsonKey& key) { read_choice_member(key); });
            }
        });
    }

    void read_choice_member(const JsonKey& key)
    {
        if (is(key.text, "delta") || is(key.text, "message")) {
            read_delta();
        } else if (is(key.text, "text") || is(key.text, "reasoning_content")) {
            count_output();
        } else if (is(key.text, "finish_reason")) {
            read_finish();
        } else if (is(key.text, "error")) {
            read_error();
        } else if (is(key.text, "usage")) {
            usage_.read(json_);  // Kimi reports it here.
        }
    }

    /// A message or a piece of one: all it holds but the role was generated.
    void read_delta()
    {
        if (output_ == Output::passed_over) {
            json_.skip_bulk();
            return;
        }
        if (json_.peek() != '{') {
            return;
        }
        json_.object([&](const JsonKey& key) {
            if (is(key.text, "role")) {
                return;
            }
            const auto bytes = chunk_.output_bytes;
            count_output();
            if (is(key.text, "reasoning_details")) {
                chunk_.output_bytes = bytes;  // OpenRouter repeats `reasoning` here.
            }
        });
    }

    /// `delta` of an event: Responses' string, or Messages' object.
    void read_event_delta()
    {
        if (json_.peek() != '{') {
            count_output();
            return;
        }
        json_.object([&](const JsonKey& key) {
            if (is(key.text, "stop_reason")) {
                read_finish();
            } else if (!is(key.text, "type") && !is(key.text, "stop_sequence")) {
                count_output();
            }
        });
    }

    /// The object in which an event wraps a response or message.
    void read_envelope()
    {
        if (json_.peek() != '{') {
            return;
        }
        json_.object([&](const JsonKey& key) {
            if (is(key.text, "usage")) {
                usage_.read(json_);
            } else if (is(key.text, "error")) {
                read_error();
            } else if (is(key.text, "model")) {
                read_model();
            }
        });
    }

    void count_output()
    {
        if (output_ == Output::passed_over) {
            json_.skip_bulk();
            return;
        }
        const char first = json_.peek();
        if (first == '"') {
            if (const auto text = json_.string()) {
                chunk_.output_bytes += text->decoded_size;
                chunk_.has_output = chunk_.has_output || !text->raw.empty();
            }
        } else if (first == '[') {
            json_.array([&] {
                chunk_.has_output = true;
                count_output();
            });
        } else if (first == '{') {
            json_.object([&](const JsonKey& key) {
                chunk_.has_output = true;
                if (is_generated(key.text)) {
                    count_output();
                }
            });
        }
    }

    static bool is_generated(std::string_view key)
    {
        return is(key, "function") || is(key, "arguments") || is(key, "name") || is(key, "text") ||
               is(key, "content") || is(key, "thinking") || is(key, "summary") || is(key, "input");
    }

    JsonWalker& json_;
    UsageTally& usage_;
    Output output_;
    Chunk& chunk_;
    ErrorWords words_;
    bool says_error_ = false;
};

}  // namespace

Chunk read_chunk(JsonWalker& json, UsageTally& usage, Output output)
{
    Chunk chunk;
    ChunkReader(json, usage, output, chunk).read();
    return chunk;
}

}  // namespace spillway::dialect
