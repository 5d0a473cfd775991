#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::chat {

/// Whose words a piece of a request is.
enum class Speaker : std::uint8_t {
    system,     ///< And developer.
    user,       ///< An earlier turn of the user.
    last_user,  ///< The last one.
    other,      ///< The assistant, tools and their results, schemas, names: everything else.
    nobody,     ///< Numbers and the keys of objects: no words, but as private as words may be.
};

/// A text of the request, decoded; lives as long as the body and the reader's next call. Those of
/// nobody are as they stand in the JSON, with the marks around them: `card": 4111, "cvc": 123`.
struct PromptPiece {
    Speaker speaker = Speaker::other;
    std::uint32_t message = 0;  ///< Pieces of one message have one number.
    std::string_view text;
};

/// What a request carries beside text: a part of a message's content.
struct Attachment {
    enum class Kind : std::uint8_t { image, audio, file, video };
    /// OpenAI's `detail` of an image.
    enum class Detail : std::uint8_t { unsaid, low, high };
    Kind kind{};
    Detail detail = Detail::unsaid;
    std::string_view payload;    ///< Base64; empty for links, ids, and payloads with escapes.
    std::size_t characters = 0;  ///< Of the base64; 0 when nothing is embedded.
};

/// All text of a request, without base64 payloads and lists of tokens, and what else rules ask of
/// its prompt.
struct Prompt {
    std::vector<PromptPiece> pieces;
    std::uint32_t user_turns = 0;
    std::uint32_t turns = 0;         ///< Messages that are neither system nor developer.
    std::uint32_t tool_results = 0;  ///< Messages that carry results of tools.
    std::uint32_t tools = 0;         ///< Offered to the model.
    std::uint32_t images = 0;
    std::uint32_t audios = 0;
    std::uint32_t files = 0;      ///< Documents and videos.
    std::uint32_t token_ids = 0;  ///< Tokens that are given as their numbers.
    /// Of a list of prompts (embeddings, completions): what the largest of them has of the whole,
    /// in millionths, by bytes. 0: all of it is one prompt.
    std::uint32_t largest_input = 0;
    std::vector<Attachment> attachments;  ///< Those that stand in lists of parts.
    bool json = false;                    ///< JSON is demanded of the answer, by schema or not.
    bool schema = false;                  ///< JSON by a schema is.
    std::string_view last_user;           ///< Its pieces, joined by newlines.
    std::string_view system;              ///< The same of the system.
    std::string_view first_user;          ///< First piece of the user's first turn.
};

}  // namespace spillway::chat
