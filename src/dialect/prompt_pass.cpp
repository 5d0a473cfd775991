#include "prompt_pass.hpp"

#include <algorithm>
#include <utility>

#include "payload.hpp"
#include "prompt_words.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "wire_words.hpp"

namespace spillway::dialect {

namespace {

using chat::Attachment;
using chat::Prompt;
using chat::PromptPiece;
using chat::Speaker;

/// As many as a token usually stands for.
constexpr std::size_t bytes_per_token = 4;

/// Numbers of fewer characters identify nobody by themselves.
constexpr std::size_t shortest_number = 6;

/// Is there nothing but JSON's own marks in it?
bool is_punctuation(std::string_view text)
{
    return text.find_first_not_of(" \t\r\n,:[]{}\"") == std::string_view::npos;
}

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
        json_.object([&](const JsonKey& key) { member(key); });
        name_last_user();
        note_largest_input();
    }

private:
    void member(const JsonKey& key)
    {
        numbers_are_tokens_ = is(key.text, "input") || is(key.text, "prompt");
        if (is(key.text, "messages") || is(key.text, "input")) {
            conversation();
        } else if (is(key.text, "prompt")) {
            ++message_;
            said_by_user([&] { completion(); });
        } else if (is(key.text, "instructions") || is(key.text, "system")) {
            ++message_;
            strings(Speaker::system);
        } else if (is(key.text, "tools") || is(key.text, "functions")) {
            ++message_;
            tools();
        } else if (is(key.text, "response_format") || is(key.text, "text") ||
                   is(key.text, "output_format") || is(key.text, "output_config")) {
            names_format_ = true;
            strings(Speaker::other);
            names_format_ = false;
        } else if (is(key.text, "context") && json_.peek() == '[') {
            token_list();
        } else if (!is(key.text, "model")) {
            value_of(key, Speaker::other);
        }
    }

    template <class Read>
    void said_by_user(Read&& read)
    {
        ++prompt_.turns;
        ++prompt_.user_turns;
        read();
    }

    /// An Ollama's `context`: tokens are no numbers to read, but long ones could be something else.
    void token_list()
    {
        json_.array([&] {
            const auto begin = json_.offset();
            if (!is_number()) {
                strings(Speaker::other);
                return;
            }
            take_token();
            if (json_.end() - begin >= shortest_number)
                keep_raw(begin - 1, json_.end() + 1);
        });
    }

    void take_token()
    {
        json_.skip();
        ++prompt_.token_ids;
    }

    /// The prompt of a completion: a text, tokens, or a list of such.
    void completion()
    {
        if (json_.peek() != '[') {
            strings(Speaker::user);
            return;
        }
        json_.array([&] {
            if (is_number())
                take_token();
            else
                one_of_several([&] { strings(Speaker::user); });
        });
    }

    /// A prompt of a list: each has the window of the model for itself.
    template <class Read>
    void one_of_several(Read&& read)
    {
        const auto before = size();
        read();
        const auto own = size() - before;
        listed_ += own;
        largest_ = std::max(largest_, own);
    }

    /// Bytes of text so far; a token stands for as many as one usually has.
    [[nodiscard]] std::size_t size() const
    {
        return text_bytes_ + prompt_.token_ids * bytes_per_token;
    }

    /// What stands beside the list goes along with each of its prompts.
    void note_largest_input()
    {
        constexpr std::size_t million = 1'000'000;
        if (listed_ == 0)
            return;
        const auto longest = size() - listed_ + largest_;
        prompt_.largest_input =
            static_cast<std::uint32_t>((longest * million + size() - 1) / size());
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
            else if (is_number() && numbers_are_tokens_)
                take_token();
            else
                one_of_several([&] { said_by_user([&] { strings(Speaker::user); }); });
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
                const auto word = kind();
                speaker = names_role ? speaker_of(word) : speaker;
                result = result || carries_result(word);
                return;
            }
            result = value_of(key, Speaker::other) || result;
        });
        hand_to(speaker, first);
        prompt_.user_turns += speaker == Speaker::user && !result ? 1 : 0;
        prompt_.turns += speaker == Speaker::system ? 0 : 1;
        prompt_.tool_results += result ? 1 : 0;
        // A turn that only carries results is not the user's own words.
        if (speaker == Speaker::user && result)
            hand_to(Speaker::other, first);
    }

    void hand_to(Speaker speaker, std::size_t first)
    {
        for (auto i = first; i < prompt_.pieces.size(); ++i)
            if (prompt_.pieces[i].speaker != Speaker::nobody)
                prompt_.pieces[i].speaker = speaker;
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

    /// Everything below this value.
    /// @return True when a part of it is a tool's result.
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
                json_.object(
                    [&](const JsonKey& member) { result = value_of(member, speaker) || result; });
                break;
            default:
                if (!is_number())
                    json_.skip();
                else if (numbers_are_tokens_)
                    take_token();
                else
                    keep_number();
        }
        return result;
    }

    /// The value of `key`, and the key itself unless the protocol says it.
    /// @return As `strings` does.
    bool value_of(const JsonKey& key, Speaker speaker)
    {
        // `text` of a key with escapes ends with its value, which is not read yet.
        const std::string spelled(key.escaped ? key.text : std::string_view());
        const auto name = key.escaped ? std::string_view(spelled) : key.text;
        if (is(name, "type") && json_.peek() == '"')
            return part_kind();
        const bool own = !is_wire_key(name);
        if (is_number()) {
            const auto begin = json_.offset();
            json_.skip();
            if (own || json_.end() - begin >= shortest_number)
                keep_raw(key.offset, json_.end() + 1);
            return false;
        }
        if (own)
            keep_raw(key.offset, json_.offset() + 1);
        const bool tokens = std::exchange(numbers_are_tokens_, false);
        const bool bytes = is(name, "file_data") || (is(name, "data") && place_ == Place::bytes);
        const auto standing =
            std::exchange(standing_, bytes ? Standing::for_bytes : Standing::among_names);
        const auto place = std::exchange(place_, place_of(name));
        const bool result = strings(speaker, name);
        place_ = place;
        standing_ = standing;
        numbers_are_tokens_ = tokens;
        return result;
    }

    [[nodiscard]] bool is_number() const
    {
        const char first = json_.peek();
        return first == '-' || (first >= '0' && first <= '9');
    }

    void keep_number()
    {
        const auto begin = json_.offset();
        json_.skip();
        keep_raw(begin - 1, json_.end() + 1);
    }

    /// Bytes of the body as they stand there, with a mark or blank at either end, so that no piece
    /// before or behind runs into them. What follows the last such piece with nothing but marks
    /// between becomes a part of it.
    void keep_raw(std::size_t begin, std::size_t end)
    {
        if (!json_.ok())
            return;
        const auto body = json_.text();
        auto& pieces = prompt_.pieces;
        if (!pieces.empty() && pieces.back().speaker == Speaker::nobody &&
            pieces.back().message == message_) {
            const auto from = static_cast<std::size_t>(pieces.back().text.data() - body.data());
            const auto gap = from + pieces.back().text.size();
            if (begin <= gap || is_punctuation(body.substr(gap, begin - gap))) {
                pieces.back().text = body.substr(from, std::max(end, gap) - from);
                return;
            }
        }
        pieces.push_back({Speaker::nobody, message_, body.substr(begin, end - begin)});
    }

    /// The `type` of a content part, which is text where it is no word of the protocol.
    bool part_kind()
    {
        const auto word = kind();
        if (const auto carried = attachment_kind(word))
            note(*carried);
        if (place_ == Place::source && is(word, "base64"))
            place_ = Place::bytes;
        const bool schema = names_format_ && is(word, "json_schema");
        prompt_.schema = prompt_.schema || schema;
        prompt_.json = prompt_.json || schema || (names_format_ && is(word, "json_object"));
        return carries_result(word);
    }

    /// A word of the protocol, or whatever else stands there, which is kept then.
    std::string_view kind()
    {
        const auto word = json_.string();
        if (!word)
            return {};
        if (!is_wire_kind(word->raw))
            keep(*word, Speaker::other);
        return word->raw;
    }

    void note(Attachment::Kind kind)
    {
        using Kind = Attachment::Kind;
        ++(kind == Kind::image   ? prompt_.images
           : kind == Kind::audio ? prompt_.audios
                                 : prompt_.files);
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
        if (!string || string->raw.empty())
            return;
        if (is(key, "detail"))
            part_.attachment.detail = is(string->raw, "low")    ? Attachment::Detail::low
                                      : is(string->raw, "high") ? Attachment::Detail::high
                                                                : Attachment::Detail::unsaid;
        const auto before = decoded_.size();
        const auto text = text_of(*string);
        if (may_hold_payload(key) && is_payload(text, standing_)) {
            decoded_.resize(before);
            note_payload(*string);
        } else {
            keep_text(speaker, text);
        }
    }

    void keep(const JsonString& string, Speaker speaker)
    {
        if (!string.raw.empty())
            keep_text(speaker, text_of(string));
    }

    void keep_text(Speaker speaker, std::string_view text)
    {
        text_bytes_ += text.size();
        prompt_.pieces.push_back({speaker, message_, text});
    }

    /// Unescaped, in `decoded_` where it has to be.
    std::string_view text_of(const JsonString& string)
    {
        if (!string.escaped())
            return string.raw;
        const auto begin = decoded_.size();
        decoded_ += string.text();
        return std::string_view(decoded_).substr(begin);
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
    std::size_t text_bytes_ = 0;
    std::size_t listed_ = 0;   ///< Size of all prompts of a list.
    std::size_t largest_ = 0;  ///< Of one of them.
    Standing standing_ = Standing::among_names;
    Place place_ = Place::other;
    bool names_format_ = false;        ///< In what says of what form the answer has to be.
    bool numbers_are_tokens_ = false;  ///< Straight in a prompt, in lists, but in no object.
};

}  // namespace

void take_prompt(std::string_view body, std::span<const std::uint32_t> tokens, std::string& decoded,
                 Prompt& prompt)
{
    PromptPass(body, tokens, decoded, prompt).run();
}

}  // namespace spillway::dialect
