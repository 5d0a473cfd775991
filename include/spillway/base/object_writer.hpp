#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/text.hpp"

namespace spillway {

/// Appends the members of one JSON object to a text, in order. The object is complete when the
/// writer is gone.
class ObjectWriter {
public:
    /// @param out  Outlives the writer.
    explicit ObjectWriter(std::string& out) : out_(&out) { *out_ += '{'; }
    ObjectWriter(const ObjectWriter&) = delete;
    ObjectWriter& operator=(const ObjectWriter&) = delete;
    ~ObjectWriter() { *out_ += '}'; }

    void text(std::string_view key, std::string_view value) { json(key, json_quoted(value)); }
    void number(std::string_view key, std::int64_t value) { json(key, std::to_string(value)); }
    void truth(std::string_view key, bool value) { json(key, value ? "true" : "false"); }

    /// @param key  Without anything to be escaped. @param value  JSON already.
    void json(std::string_view key, std::string_view value)
    {
        if (out_->back() != '{') {
            *out_ += ',';
        }
        *out_ += '"';
        *out_ += key;
        *out_ += "\":";
        *out_ += value;
    }
    /// The same; nothing is written for an empty value.
    void given(std::string_view key, std::string_view value)
    {
        if (!value.empty()) {
            json(key, value);
        }
    }

private:
    std::string* out_;
};

}  // namespace spillway
