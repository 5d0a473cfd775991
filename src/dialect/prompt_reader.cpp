#include "spillway/dialect/prompt_reader.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

namespace {

using chat::Attachment;
using chat::Prompt;
using chat::PromptPiece;
using chat::Speaker;

/// Strings longer than this without a blank are payloads where a payload may stand.
constexpr std::size_t longest_link = 4096;

/// Members whose strings may be base64 instead of text.
bool may_hold_payload(std::string_view key)
{
    return is(key, "url") || is(key, "data") || is(key, "file_data") || is(key, "image_url") ||
           is(key, "b64_json") || is(key, "file_url");
}

bool is_payload(std::string_view raw)
{
    return raw.starts_with("data:") ||
           (raw.size() > longest_link && raw.find(' ') == std::string_view::npos);
}

Speaker speaker_of(std::string_view role)
{
    if (is(role, "system") || is(role, "developer"))
        return Speaker::system;
    return is(role, "user") ? Speaker::user : Speaker::other;
}

bool carries_result(std::string_view kind)
{
    return is(kind, "tool") || is(kind, "function") || is(kind, "tool_result") ||
           is(kind, "function_call_output");
}

}  // namespace

struct PromptReader::Scratch {
    JsonIndex index;
    Prompt prompt;
    std::string decoded;  ///< Escaped strings, decoded; never grows after its first reserve.
    std::string last_user;
    std::string system;
};

namespace {

/// One pass over a body. Pieces are added as strings come; a message's speaker is known at its end.
class PromptPass {
public:
    PromptPass(std::string_view body, std::span<const std::uint32_t> tokens, std::string& decoded,
               Prompt& prompt)
        : json_(body, tokens), decoded_(decoded), prompt_(prompt)
    {
        // Decoding never lengthens, so views into it stay where they are.
        decoded_.clear();
        decoded_.reserve(body.size());
    }

    void run()
    {
        json_.object([&](const JsonKey& key) { member(key.text); });
        name_last_user();
    }

private:
    void member(std::string_view key)
    {
        if (is(key, "messages") || is(key, "input")) {
            conversation();
        } else if (is(key, "prompt")) {
            ++message_;
            said_by_user([&] { strings(Speaker::user); });
        } else if (is(key, "instructions") || is(key, "system")) {
            ++message_;
            strings(Speaker::system);
        } else if (is(key, "tools") || is(key, "functions")) {
            ++message_;
            tools();
        } else if (is(key, "response_format") || is(key, "text")) {
            response_format();
        } else if (!is(key, "model")) {
            strings(Speaker::other);
        }
    }

    template <class Read>
    void said_by_user(Read&& read)
    {
        ++prompt_.turns;
        ++prompt_.user_turns;
        read();
    }

    /// Messages, items of the Responses API, or the plain texts of an embedding.
    void conversation()
    {
        if (json_.peek() != '[') {
            ++message_;
            said_by_user([&] { strings(Speaker::user); });
            return;
        }
        json_.array([&] {
            ++message_;
            if (json_.peek() == '{')
                message();
            else
                said_by_user([&] { strings(Speaker::user); });
        });
    }

    void message()
    {
        const auto first = prompt_.pieces.size();
        auto speaker = Speaker::other;
        bool result = false;
        json_.object([&](const JsonKey& key) {
            const bool names_role = is(key.text, "role");
            if ((names_role || is(key.text, "type")) && json_.peek() == '"') {
                const auto value = json_.string();
                const auto word = value ? value->raw : std::string_view();
                speaker = names_role ? speaker_of(word) : speaker;
                result = result || carries_result(word);
                return;
            }
            result = strings(Speaker::other, key.text) || result;
        });
        for (auto i = first; i < prompt_.pieces.size(); ++i)
            prompt_.pieces[i].speaker = speaker;
        prompt_.user_turns += speaker == Speaker::user && !result ? 1 : 0;
        prompt_.turns += speaker == Speaker::system ? 0 : 1;
        prompt_.tool_results += result ? 1 : 0;
        // A turn that only carries results is not the user's own words.
        if (speaker == Speaker::user && result)
            for (auto i = first; i < prompt_.pieces.size(); ++i)
                prompt_.pieces[i].speaker = Speaker::other;
    }

    void tools()
    {
        if (json_.peek() != '[') {
            strings(Speaker::other);
            return;
        }
        json_.array([&] {
            ++prompt_.tools;
            strings(Speaker::other);
        });
    }

    void response_format()
    {
        const auto first = prompt_.pieces.size();
        strings(Speaker::other);
        for (auto i = first; i < prompt_.pieces.size(); ++i) {
            const auto text = prompt_.pieces[i].text;
            prompt_.schema = prompt_.schema || is(text, "json_schema") || is(text, "json_object");
        }
    }

    /// Every string below this value. @return True when a part of it is a tool's result.
    bool strings(Speaker speaker, std::string_view key = {})
    {
        bool result = false;
        switch (json_.peek()) {
            case '"':
                add(speaker, key);
                break;
            case '[':
                json_.array([&] {
                    const auto outer = std::exchange(part_, {});
                    result = strings(speaker, key) || result;
                    if (part_.known)
                        prompt_.attachments.push_back(part_.attachment);
                    part_ = outer;
                });
                break;
            case '{':
                json_.object([&](const JsonKey& member) {
                    // `text` of a key with escapes ends with its value, which is not read yet.
                    const std::string name(member.text);
                    if (is(name, "type") && json_.peek() == '"')
                        result = part_kind() || result;
                    else
                        result = strings(speaker, name) || result;
                });
                break;
            default:
                json_.skip();
        }
        return result;
    }

    /// The `type` of a content part, which is also kept as text: elsewhere it may be anything.
    bool part_kind()
    {
        const auto kind = json_.string();
        if (!kind)
            return false;
        const auto word = kind->raw;
        if (is(word, "image_url") || is(word, "input_image") || is(word, "image"))
            note(Attachment::Kind::image, prompt_.images);
        else if (is(word, "input_audio") || is(word, "audio"))
            note(Attachment::Kind::audio, prompt_.audios);
        else if (is(word, "file") || is(word, "input_file") || is(word, "document"))
            note(Attachment::Kind::file, prompt_.files);
        keep(*kind, Speaker::other);
        return carries_result(word);
    }

    void note(Attachment::Kind kind, std::uint32_t& counter)
    {
        ++counter;
        part_.known = true;
        part_.attachment.kind = kind;
    }

    void note_payload(const JsonString& string)
    {
        auto payload = string.raw;
        if (payload.starts_with("data:"))
            payload.remove_prefix(std::min(payload.find(','), payload.size() - 1) + 1);
        part_.attachment.characters = payload.size();
        if (!string.escaped())
            part_.attachment.payload = payload;
    }

    void add(Speaker speaker, std::string_view key)
    {
        const auto string = json_.string();
        if (!string)
            return;
        if (may_hold_payload(key) && is_payload(string->raw)) {
            note_payload(*string);
            return;
        }
        if (is(key, "detail"))
            part_.attachment.detail = is(string->raw, "low")    ? Attachment::Detail::low
                                      : is(string->raw, "high") ? Attachment::Detail::high
                                                                : Attachment::Detail::unsaid;
        keep(*string, speaker);
    }

    void keep(const JsonString& string, Speaker speaker)
    {
        if (string.raw.empty())
            return;
        std::string_view text = string.raw;
        if (string.escaped()) {
            const auto begin = decoded_.size();
            decoded_ += string.text();
            text = std::string_view(decoded_).substr(begin);
        }
        prompt_.pieces.push_back({speaker, message_, text});
    }

    void name_last_user()
    {
        auto& pieces = prompt_.pieces;
        const auto from_user = [](const PromptPiece& piece) {
            return piece.speaker == Speaker::user;
        };
        const auto first = std::find_if(pieces.begin(), pieces.end(), from_user);
        if (first == pieces.end())
            return;
        prompt_.first_user = first->text;
        const auto last = std::find_if(pieces.rbegin(), pieces.rend(), from_user)->message;
        for (auto& piece : pieces)
            if (piece.message == last && from_user(piece))
                piece.speaker = Speaker::last_user;
    }

    /// The part of a content list that is being read; its kind may stand behind its payload.
    struct Part {
        bool known = false;
        Attachment attachment;
    };

    JsonWalker json_;
    std::string& decoded_;
    Prompt& prompt_;
    Part part_;
    std::uint32_t message_ = 0;
};

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
    PromptPass(body, scratch_->index.tokens(), scratch_->decoded, prompt).run();
    prompt.last_user = joined(prompt, Speaker::last_user, scratch_->last_user);
    prompt.system = joined(prompt, Speaker::system, scratch_->system);
    scratch_->index.shrink();
    return prompt;
}

}  // namespace spillway::dialect
