#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/review/answer.hpp"

namespace spillway::review {

/// Who says how good two answers are, in the order in which they are believed: the last one that
/// spoke of a pair counts.
enum class Judge : std::uint8_t { checks, agreement, model, human };
[[nodiscard]] std::string_view name(Judge judge);

/// How good the answers of the weak and of the strong model were, 0..1, and how sure that is.
struct Label {
    float weak = 0;
    float strong = 0;
    float certainty = 0;  ///< 0..1: what the pair weighs in training.
    Judge judge = Judge::checks;
    friend bool operator==(const Label&, const Label&) = default;
};

/// A label, and whether a judge could tell more.
struct Graded {
    Label label;
    enum class Rest : std::uint8_t { settled, open } rest = Rest::settled;
};

/// Grades a pair without a model. A fault on one side decides. Two sound answers that agree are
/// both good. Where they differ, the strong model's is taken for right, with little certainty: it
/// mostly is, and only a judge or a human can know better.
[[nodiscard]] Graded grade(const Answer& weak, const Answer& strong, const Asked& asked);

/// Whose answer a judge or a reviewer prefers.
enum class Preferred : std::uint8_t { weak, strong, neither };
[[nodiscard]] Label label_of(Preferred preferred, Judge judge);

/// Which answer is shown first: drawn, because whoever reads favours a place.
enum class Order : std::uint8_t { weak_first, strong_first };

/// The body of the chat request that asks a model which answer is better.
/// @param model  The group that judges. @param conversation  As of `review::conversation`.
[[nodiscard]] std::string judge_request(std::string_view model, std::string_view conversation,
                                        std::string_view weak, std::string_view strong,
                                        Order order);

/// A judge's verdict: `{"better": "A"}`, "B" or "tie", and nothing else but a fence. Empty for all
/// other words: a judge that chats has not judged.
[[nodiscard]] std::optional<Preferred> read_verdict(std::string_view text, Order order);

/// The words of an answer as they are shown: its text, and its calls a line each.
[[nodiscard]] std::string shown(const Answer& answer);

}  // namespace spillway::review
