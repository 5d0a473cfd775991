#include "spillway/dialect/prompt_reader.hpp"

#include <string>
#include <utility>

#include "prompt_pass.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

using chat::Prompt;
using chat::Speaker;

struct PromptReader::Scratch {
    JsonIndex index;
    Prompt prompt;
    std::string decoded;  ///< Escaped strings, decoded; never grows after its first reserve.
    std::string last_user;
    std::string system;
};

namespace {

/// One piece stays where it is; several are joined in `buffer`.
std::string_view joined(const Prompt& prompt, Speaker speaker, std::string& buffer)
{
    buffer.clear();
    std::string_view only;
    std::size_t found = 0;
    for (const auto& piece : prompt.pieces) {
        if (piece.speaker != speaker)
            continue;
        if (++found == 2)
            buffer = only;
        if (found > 1)
            buffer.append("\n").append(piece.text);
        only = piece.text;
    }
    return found > 1 ? std::string_view(buffer) : only;
}

}  // namespace

PromptReader::PromptReader() : scratch_(std::make_unique<Scratch>()) {}
PromptReader::~PromptReader() = default;

const chat::Prompt& PromptReader::read(std::string_view body)
{
    auto& prompt = scratch_->prompt;
    auto pieces = std::move(prompt.pieces);
    pieces.clear();
    prompt = {};
    prompt.pieces = std::move(pieces);
    if (scratch_->index.scan(body) != JsonFault::none)
        return prompt;
    take_prompt(body, scratch_->index.tokens(), scratch_->decoded, prompt);
    prompt.last_user = joined(prompt, Speaker::last_user, scratch_->last_user);
    prompt.system = joined(prompt, Speaker::system, scratch_->system);
    scratch_->index.shrink();
    return prompt;
}

}  // namespace spillway::dialect
