#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "spillway/review/answer.hpp"
#include "spillway/review/fault.hpp"

namespace spillway::review {

/// In the order of the enumeration, each at most once; never `unsure`, which takes a bound.
[[nodiscard]] std::vector<Fault> faults(const Answer& answer, const Asked& asked);

/// Which faults count against an answer.
struct Bar {
    FaultSet checks = FaultSet::all();
    std::optional<float> least_logprob{};  ///< Mean per token; below it the answer is `unsure`.
    friend bool operator==(const Bar&, const Bar&) = default;
};

/// How much of an answer is there to be judged.
enum class Extent : std::uint8_t {
    whole,
    beginning,  ///< Only what the rest cannot mend: a refusal, a loop, unlikely tokens.
};

/// The first fault, in the order of the enumeration, that counts; empty for an answer that passes.
/// An answer that tells no log-probabilities is never unsure.
[[nodiscard]] std::optional<Fault> first_fault(const Answer& answer, const Asked& asked,
                                               const Bar& bar, Extent extent);

/// Does the end of `text` go round in circles? Either it repeats one passage of at most 240 bytes
/// to the letter, six times and over 240 bytes at least; or most of its last 600 words stand in
/// runs of six that it said four times. Takes time linear in `text`.
[[nodiscard]] bool is_looping(std::string_view text);

/// Does a short answer decline in so many words (English, German, French, Spanish)? An excuse
/// within a long answer is none.
[[nodiscard]] bool is_refusal(std::string_view text);

/// The text without the fence that models put around JSON.
[[nodiscard]] std::string_view unfenced(std::string_view text);

}  // namespace spillway::review
