#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "spillway/dialect/ollama_request.hpp"

namespace spillway::dialect {

/// The top-level members of a request, and behind them what the file sets for those that are
/// missing. Values are JSON text. A null is as good as nothing.
class OllamaMembers {
public:
    explicit OllamaMembers(const OllamaDefaults& defaults) : defaults_(defaults) {}

    /// @param json  Lives as long as this.
    void add(const JsonKey& key, std::string_view json);

    enum class Source : unsigned char { request, file };
    /// The value of a member; empty when there is none.
    [[nodiscard]] std::string_view find(std::string_view name, Source source) const;
    [[nodiscard]] std::string_view find(std::string_view name) const;

    /// The window that holds for the request. @param num_ctx  Of the model.
    [[nodiscard]] std::optional<Tokens> window(std::optional<Tokens> num_ctx) const;
    /// `keep_alive`; empty when nothing is to be said.
    [[nodiscard]] std::string_view keep_alive() const;
    /// Ollama's `options`, by rising right: what the request says in OpenAI's words or in Ollama's,
    /// then the file. What would load the model anew is the file's alone.
    /// @return Members without braces; empty when there are none.
    [[nodiscard]] std::string options(std::optional<Tokens> num_ctx) const;

private:
    const OllamaDefaults& defaults_;
    std::vector<std::pair<std::string_view, std::string_view>> members_;
    std::deque<std::string> unescaped_keys_;
};

}  // namespace spillway::dialect
