#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/chat/usage.hpp"

/// A request for embeddings in several calls, because an engine takes only so many inputs at once.
namespace spillway::dialect {

/// Where the inputs of a request stand in its body: texts, or lists of tokens. Empty for a single
/// one, whether it is a text or one list of tokens.
/// @param body  Was read (`RequestReader`), so it is valid.
[[nodiscard]] std::vector<chat::ByteRange> embedding_inputs(const chat::RequestFacts& facts,
                                                            std::string_view body);

/// A request for some of the inputs, all else to the letter.
struct EmbeddingPart {
    std::string body;  ///< Followed by `body_padding` bytes that `size` leaves out.
    std::size_t size = 0;
    std::vector<chat::Member> members;  ///< Of `body`; keys live as long as the whole request's.

    [[nodiscard]] std::string_view text() const { return std::string_view(body).substr(0, size); }
};
/// @param first, count  Of `inputs`, which are those of `embedding_inputs`.
[[nodiscard]] EmbeddingPart part_of(const chat::RequestFacts& facts, std::string_view body,
                                    const std::vector<chat::ByteRange>& inputs, std::size_t first,
                                    std::size_t count);

/// Puts the answers to the parts together: one list in the order of the inputs, usage added up.
class EmbeddingJoin {
public:
    /// The answer to the next part, which holds `count` inputs.
    /// @return `upstream_bad_reply` when it is no embeddings answer, or one to another number of
    ///         inputs.
    [[nodiscard]] Result<void> add(std::string_view body, std::size_t count);
    /// The whole answer: the first part's, with all vectors. At least one part was added.
    /// @param usage  Of all of them.
    [[nodiscard]] std::string take(const chat::Usage& usage) &&;
    /// Bytes that it holds.
    [[nodiscard]] std::size_t size() const noexcept { return first_.size() + data_.size(); }

private:
    std::string first_;                     ///< The answer to the first part, without its vectors.
    std::size_t list_at_ = 0;               ///< Where they stood in it, behind the bracket.
    std::optional<chat::ByteRange> usage_;  ///< The value of its `usage`.
    std::string data_;                      ///< All vectors so far, with their commas.
    std::size_t inputs_ = 0;
};

}  // namespace spillway::dialect
