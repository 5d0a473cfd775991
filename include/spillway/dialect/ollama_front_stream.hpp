#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"

namespace spillway::dialect {

/// Turns the events of an OpenAI stream into the lines of Ollama's, as they come. Tool calls are
/// gathered over their pieces and come complete, in one line. An error event becomes an error line,
/// and then there is no last line: that is how such a stream says that it broke (wire.md 2.2).
class OllamaFrontStream {
public:
    explicit OllamaFrontStream(OllamaStyle style);
    ~OllamaFrontStream();
    OllamaFrontStream(OllamaFrontStream&&) noexcept;
    OllamaFrontStream& operator=(OllamaFrontStream&&) noexcept;

    /// @param events  Whole events.
    /// @param now     For `created_at`.
    /// @return Their lines; may be empty. Lives until the next call.
    [[nodiscard]] std::string_view take(std::string_view events, WallTime now);
    /// The events were all. @return The last line, unless there was an error. Lives until the next
    /// call.
    [[nodiscard]] std::string_view finish(const OllamaMeasures& measures, WallTime now);

    [[nodiscard]] const OllamaStyle& style() const noexcept;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::dialect
