#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/choices.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/privacy/boundary.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/route/family_tokens.hpp"
#include "spillway/score/score.hpp"

namespace spillway::route {

/// What kinds of content a request carries.
class ContentSet {
public:
    void add(config::Content content) { bits_ |= bit(content); }
    [[nodiscard]] bool has(config::Content content) const { return (bits_ & bit(content)) != 0; }
    [[nodiscard]] std::uint32_t bits() const { return bits_; }
    [[nodiscard]] static ContentSet from_bits(std::uint32_t bits)
    {
        ContentSet set;
        set.bits_ = bits;
        return set;
    }
    friend bool operator==(const ContentSet&, const ContentSet&) = default;

private:
    static constexpr std::uint32_t bit(config::Content content)
    {
        return 1U << static_cast<unsigned>(content);
    }
    std::uint32_t bits_ = 0;
};

/// The answer to one question that only the request itself can answer (words, a pattern, a header,
/// a member of its metadata): known by a hash of the question, so that a replay has the answer
/// without the text.
struct Probe {
    std::uint64_t question = 0;
    bool yes = false;
    friend bool operator==(const Probe&, const Probe&) = default;
};

/// What the client would like best among what the configuration allows.
enum class Preference : std::uint8_t { none, local, cloud, cheap, fast, best };

[[nodiscard]] std::string_view name(Preference preference);

/// Who says that a request stays local. What `key` and `sensitive_class` say is said by the file of
/// then: a replay asks another file anew.
enum class BoundaryBy : std::uint8_t {
    nobody,
    rule,
    key,  ///< `privacy.local_keys` lists the caller's.
    header,
    metadata,
    sensitive_class,
    grant,  ///< The key or its team was made so.
};
/// As the answer's headers have it: "rule", "class", "key" for both; empty for nobody.
[[nodiscard]] std::string_view name(BoundaryBy by);

/// In whose words the asked page takes the parameters that a rule sets.
enum class Wording : std::uint8_t {
    openai,     ///< Chat completions, completions, embeddings.
    responses,  ///< OpenAI's Responses.
    messages,   ///< Anthropic's Messages.
    none,       ///< It takes none: the body passes as it is.
};

/// Everything `decide` may know of a request: no text, no clock, nothing that waits. Recorded with
/// the request, so that another configuration can be asked later what it would have done.
struct Features {
    config::Task task = config::Task::chat;
    Wording wording = Wording::openai;
    Tokens prompt{};        ///< Best count, in tokens of the route's usual model.
    Tokens prompt_upper{};  ///< Upper end of its error band; rules use this one.
    FamilyTokens uppers;    ///< Of the families that the route leads to: for fit and cost.
    /// Of a list of prompts: what the largest has of the whole, in millionths; a window holds no
    /// more than that one. 0: all of it is one prompt.
    std::uint32_t largest_input = 0;
    std::optional<Tokens> answer;  ///< Longest answer that was asked for.
    chat::Choices choices;         ///< How many of them.
    std::uint32_t turns = 0;
    ContentSet content;
    config::ClientKind client = config::ClientKind::unknown;
    privacy::ClassSet sensitive;
    privacy::Boundary boundary = privacy::Boundary::any;  ///< By header, key, metadata or class.
    BoundaryBy boundary_by = BoundaryBy::nobody;          ///< Which of them.
    std::optional<score::Score> score;                    ///< Empty when nobody asked for it.
    std::vector<Probe> probes;                            ///< Sorted by `question`.
    std::string key;                                      ///< Hash; never the key.
    std::string key_alias;
    std::string team;  ///< Its id.
    std::string team_alias;
    std::string end_user;
    std::vector<std::string> tags;
    int minute_of_week = 0;          ///< In the configured time zone; Monday 00:00 is 0.
    std::uint64_t conversation = 0;  ///< Hash of system prompt and first user turn; 0: none.
    Preference prefer = Preference::none;
    std::optional<NanoUsd> max_cost;  ///< What the client will pay at most.
};

}  // namespace spillway::route
