#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/choices.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/config/config.hpp"
#include "spillway/privacy/locality.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::route {

/// One deployment as routing sees it.
struct Deployment {
    std::string id;
    std::string group;
    /// Whose tokens its window holds; empty when that depends on the name that is asked for.
    std::optional<tokens::Family> family = tokens::Family::generic;
    int order = 1;
    double weight = 1.0;  ///< From weight, else rpm, else tpm (LiteLLM simple-shuffle); 0: last.
    std::optional<Tokens> max_input_tokens;
    std::optional<PicoUsdPerToken> price;  ///< Input plus output, for cost-based routing.
    bool local = false;  ///< An engine of ours, with an engine's patience and prices.
    privacy::Reach reach = privacy::Reach::remote;  ///< May a request that stays local go there?
    config::Mode mode = config::Mode::chat;
    bool wildcard = false;  ///< Serves many models, of any mode.
    std::string vectors;    ///< See `config::vector_model`.
    std::optional<Tokens> max_output_tokens;
    std::optional<Tokens> default_answer;          ///< What it adds to requests that say nothing.
    chat::Choices default_choices;                 ///< The same.
    std::optional<PicoUsdPerToken> dearest_input;  ///< Over all tiers of its price.
    std::optional<PicoUsdPerToken> dearest_output;
    std::optional<bool> supports_vision;  ///< Unset: not known.
    std::optional<bool> supports_audio;
    std::optional<bool> supports_tools;
    std::optional<bool> supports_schema;
    std::optional<std::uint32_t> max_parallel;  ///< Requests in flight at once.
    bool queued = false;                        ///< There is a queue in front of its engine.
    std::optional<std::int64_t> rpm;            ///< Requests a minute, for usage-based routing.
    std::optional<std::int64_t> tpm;            ///< Tokens a minute, for usage-based routing.
    Millis first_token_timeout{};
    Millis idle_timeout{};
    Millis total_timeout{};
    std::optional<int> num_retries;
    std::optional<Millis> cooldown_time;
};

/// A set of interchangeable deployments, its retries and its fallbacks (already merged: specific
/// rule, else "*", else default_fallbacks).
struct Group {
    std::string name;
    std::vector<DeploymentIndex> members;
    std::vector<std::string> fallbacks;
    std::vector<std::string> context_window_fallbacks;
    std::vector<std::string> content_policy_fallbacks;
    int num_retries = 2;
    config::RetryPolicy retry_policy;
    Millis timeout{};  ///< Of one attempt, for members that set none.
};

/// Has the deployment as many requests in flight as it may?
[[nodiscard]] inline bool is_saturated(const Deployment& deployment, const DeploymentState& state)
{
    return deployment.max_parallel &&
           state.in_flight >= state.places.value_or(*deployment.max_parallel);
}

/// A model name a client may use, resolved.
struct Resolved {
    GroupIndex group;
    /// Set when the client named a deployment id: only that one serves, cooldown or not.
    std::optional<DeploymentIndex> pinned;
    /// What `*` stood for when the name matched a wildcard.
    std::string wildcard;
    /// The name that was asked for when it is not the group's own (alias, wildcard, id).
    std::string asked = {};
    friend bool operator==(const Resolved&, const Resolved&) = default;
};

/// Which of the three lists a failure leads to.
enum class FallbackList : std::uint8_t { general, context_window, content_policy };

/// Configuration compiled for lookup. Immutable; shared by all shards.
class RoutingTable {
public:
    /// @param config  Validated; `Deployment::local` says who is within the local boundary.
    /// @param local   Which deployments (by position) are engines of ours.
    /// @param queued  In front of which there is a queue; none when empty.
    RoutingTable(const config::Config& config, const std::vector<bool>& local,
                 const std::vector<bool>& queued = {});

    /// Exact group, alias, deployment id, then wildcards (longest literal prefix first), then "*".
    [[nodiscard]] std::optional<Resolved> resolve(std::string_view model) const;

    [[nodiscard]] const Deployment& operator[](DeploymentIndex index) const
    {
        return deployments_[at(index)];
    }
    [[nodiscard]] const Group& operator[](GroupIndex index) const { return groups_[at(index)]; }
    [[nodiscard]] const std::vector<Deployment>& deployments() const { return deployments_; }
    [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
    [[nodiscard]] const config::Router& settings() const { return settings_; }
    /// Does the file name a strategy? Without one the queues of engines are looked at first.
    [[nodiscard]] bool strategy_chosen() const { return strategy_chosen_; }

    /// Where a request for `asked` goes after `group` failed: the rule for the asked name (with and
    /// without its provider prefix), else the group's own. Special lists do not fall back to the
    /// general one here. @param asked  As in `Resolved`; may be empty.
    [[nodiscard]] const std::vector<std::string>& fallbacks(GroupIndex group,
                                                            std::string_view asked,
                                                            FallbackList list) const;

    /// Longest time that all attempts of one request may take together.
    [[nodiscard]] Millis chain_timeout() const { return chain_timeout_; }

    /// How long a request waits for a slot of a deployment at its `max_parallel_requests`.
    [[nodiscard]] Millis slot_patience() const { return slot_patience_; }

    /// Names for /v1/models: groups without `*` and visible aliases, in file order.
    [[nodiscard]] const std::vector<std::string>& listed() const { return listed_; }

private:
    /// Lets a `string_view` be looked up without making a string of it.
    struct NameHash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view name) const
        {
            return std::hash<std::string_view>{}(name);
        }
    };
    template <class T>
    using ByName = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

    void add_deployments(const config::Config& config, const std::vector<bool>& local);
    void weigh_members(const config::Config& config);
    void add_groups();
    void add_aliases();
    [[nodiscard]] std::optional<Resolved> resolve_unaliased(std::string_view model) const;

    config::Router settings_;
    Millis chain_timeout_{};
    Millis slot_patience_{};
    bool strategy_chosen_ = false;
    std::vector<Deployment> deployments_;
    std::vector<Group> groups_;
    ByName<GroupIndex> by_name_;
    ByName<DeploymentIndex> by_id_;
    ByName<Resolved> aliases_;
    std::vector<std::pair<std::string, GroupIndex>> wildcards_;  ///< Longest prefix first.
    std::vector<std::string> listed_;
};

}  // namespace spillway::route
