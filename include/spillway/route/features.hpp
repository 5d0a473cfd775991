#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/privacy/boundary.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/score/score.hpp"

namespace spillway::route {

/// What kinds of content a request carries, as bits of `config::Content`.
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

private:
    static constexpr std::uint32_t bit(config::Content content)
    {
        return 1U << static_cast<unsigned>(content);
    }
    std::uint32_t bits_ = 0;
};

/// One probe of the text (a word list, a regular expression, a header, a metadata value): known by
/// the hash of what was looked for, so that a replay knows the result without the text.
struct Probe {
    std::uint64_t what = 0;
    bool held = false;
    friend bool operator==(const Probe&, const Probe&) = default;
};

enum class Preference : std::uint8_t { none, local, cloud, cheap, fast, best };

/// Everything `decide` may know of a request: no text, no time, nothing that waits. Recorded with
/// the request, so that another configuration can be asked later what it would have done.
struct Features {
    std::string asked;  ///< Model or route as the client wrote it; printable.
    config::Task task{};
    Tokens prompt{};        ///< Best count.
    Tokens prompt_upper{};  ///< Upper end of its error band; fit and rules use this one.
    std::optional<Tokens> answer;  ///< Longest answer that was asked for.
    std::uint32_t turns = 0;
    ContentSet content;
    config::ClientKind client{};
    privacy::ClassSet sensitive;
    privacy::Boundary boundary = privacy::Boundary::any;  ///< By header, key or metadata.
    std::optional<score::Score> score;  ///< Empty when no rule needed it.
    std::vector<Probe> probes;          ///< Of all rules of the route; sorted by `what`.
    std::string key;                    ///< Hash; never the key.
    std::string team;
    std::string end_user;
    std::vector<std::string> tags;
    int minute_of_week = 0;  ///< In the configured time zone.
    std::uint64_t conversation = 0;  ///< Hash of system prompt and first user turn; 0: none.
    Preference prefer = Preference::none;
    std::optional<NanoUsd> max_cost;  ///< x-spillway-max-cost

    [[nodiscard]] bool streams() const { return streamed; }
    bool streamed = false;
};

}  // namespace spillway::route
