#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "spillway/route/attempt_chain.hpp"
#include "spillway/route/failure_policy.hpp"
#include "unit/route/world.hpp"

// What must hold for every configuration and every sequence of failures: 20,000 random ones.
namespace spillway::route {
namespace {

using chat::FailureClass;
using testing_world::config_of;
using testing_world::noon;
using testing_world::row;
using Random = std::mt19937_64;

constexpr int scripts = 20'000;
constexpr int most_steps = 5'000;

std::size_t below(Random& random, std::size_t bound)
{
    return static_cast<std::size_t>(random() % bound);
}

bool one_in(Random& random, std::size_t n)
{
    return below(random, n) == 0;
}

const std::vector<std::string> group_names{"A", "B", "C", "D", "x/*"};
const std::vector<std::string> target_names{"A",     "B",  "C",  "D",   "x/one",
                                            "x/two", "A0", "B1", "gone"};

std::vector<std::string> some_targets(Random& random)
{
    std::vector<std::string> targets;
    for (std::size_t i = below(random, 5); i > 0; --i) {
        targets.push_back(target_names[below(random, target_names.size())]);
    }
    return targets;
}

config::Config some_config(Random& random)
{
    std::vector<config::Deployment> rows;
    for (const auto& group : group_names) {
        const std::size_t members = 1 + below(random, 3);
        for (std::size_t i = 0; i < members; ++i) {
            auto deployment = row(group, group.substr(0, 1) + std::to_string(i));
            deployment.order = static_cast<int>(below(random, 3));
            if (one_in(random, 3)) {
                deployment.max_input_tokens = Tokens{static_cast<int>(below(random, 2'000))};
            }
            if (one_in(random, 4)) {
                deployment.num_retries = static_cast<int>(below(random, 4));
            }
            rows.push_back(std::move(deployment));
        }
    }
    auto config = config_of(std::move(rows));
    auto& router = config.router;
    router.strategy = static_cast<config::Strategy>(below(random, 7));
    router.num_retries = static_cast<int>(below(random, 4));
    router.max_fallbacks = static_cast<int>(below(random, 6));
    router.timeout = Millis{1 + static_cast<int>(below(random, 60'000))};
    router.pre_call_checks = one_in(random, 3);
    for (const auto& group : group_names) {
        router.fallbacks.push_back({group, some_targets(random)});
        router.context_window_fallbacks.push_back({group, some_targets(random)});
        router.content_policy_fallbacks.push_back({group, some_targets(random)});
    }
    if (one_in(random, 5)) {
        router.retry_policy.bad_request = 2;
        router.retry_policy.content_policy = 1;
    }
    return config;
}

chat::RequestControls some_controls(Random& random)
{
    chat::RequestControls controls;
    if (one_in(random, 4)) {
        controls.fallbacks = some_targets(random);
    }
    if (one_in(random, 5)) {
        controls.num_retries = static_cast<int>(below(random, 30)) - 5;
    }
    if (one_in(random, 5)) {
        controls.timeout = Millis{static_cast<int>(below(random, 30'000))};
    }
    controls.disable_fallbacks = one_in(random, 10);
    controls.mock_fallbacks = one_in(random, 20);
    controls.mock_context_window_fallbacks = one_in(random, 20);
    controls.mock_rate_limit_error = one_in(random, 20);
    return controls;
}

/// Walks one script and checks each step.
class Script {
public:
    explicit Script(std::uint64_t seed)
        : random_(seed),
          config_(some_config(random_)),
          controls_(some_controls(random_)),
          table_(config_, {}),
          chain_(
              table_,
              {straight_to(
                   table_.resolve(target_names[below(random_, target_names.size() - 3)]).value()),
               controls_, Tokens{static_cast<int>(below(random_, 2'000))}},
              noon),
          now_(noon)
    {
        fleet_.states.resize(table_.deployments().size());
    }

    void run()
    {
        Action action = chain_.start(moment());
        for (int step = 0; step < most_steps; ++step) {
            if (std::holds_alternative<Stop>(action)) {
                finished_ = true;
                break;
            }
            if (const auto* pause = std::get_if<Pause>(&action)) {
                check_pause(*pause);
                now_ += pause->duration + Millis{static_cast<int>(below(random_, 3))};
                action = chain_.resumed(moment());
                continue;
            }
            check_send(std::get<Send>(action).target);
            action = fail(std::get<Send>(action).target);
        }
        EXPECT_TRUE(finished_) << "did not end";
        EXPECT_LE(static_cast<std::size_t>(sends_), most_sends());
        EXPECT_EQ(chain_.failures().size(), static_cast<std::size_t>(sends_));
        EXPECT_LE(chain_.attempted_retries() + chain_.attempted_fallbacks(), sends_);
    }

private:
    Moment moment()
    {
        for (auto& state : fleet_.states) {
            if (one_in(random_, 6)) {
                state.rests_until = now_ + Millis{static_cast<int>(below(random_, 9'000))};
            }
            state.probing = one_in(random_, 15);
            state.unreachable = one_in(random_, 8);
            state.in_flight = static_cast<std::uint32_t>(below(random_, 4));
        }
        return {now_, fleet_, random_(), !one_in(random_, 5)};
    }

    /// Each hop may spend its retries in each level; a place is entered once, and once more when
    /// somebody in it was passed over.
    [[nodiscard]] std::size_t most_sends() const
    {
        const std::size_t hops = table_.groups().size() + table_.deployments().size() + 1;
        return 2 * hops * 3 * 11;
    }

    void check_pause(const Pause& pause)
    {
        EXPECT_FALSE(committed_);
        EXPECT_GT(pause.duration.count(), 0);
        EXPECT_LT(now_ + pause.duration, chain_.deadline());
    }

    void check_send(const Target& target)
    {
        ++sends_;
        EXPECT_FALSE(committed_) << "sent after the first byte";
        EXPECT_LT(now_, chain_.deadline());
        EXPECT_LE(target.deadline, chain_.deadline());
        EXPECT_EQ(table_[target.deployment].group, table_[target.group].name);
        EXPECT_FALSE(barred_.contains({target.deployment, ""})) << "asked a sick one again";
        EXPECT_FALSE(barred_.contains({target.deployment, target.wildcard}));
        if (controls_.disable_fallbacks) {
            EXPECT_EQ(chain_.attempted_fallbacks(), 0);
        }
    }

    Action fail(const Target& target)
    {
        chat::Failure failure;
        failure.kind = static_cast<FailureClass>(below(random_, chat::failure_class_count));
        if (one_in(random_, 3)) {
            failure.retry_after = Millis{static_cast<int>(below(random_, 12'000))};
        }
        const bool for_all = failure.kind == FailureClass::credential ||
                             failure.kind == FailureClass::quota ||
                             failure.kind == FailureClass::stalled;
        if (for_all) {
            barred_.insert({target.deployment, ""});
        }
        if (policy_of(failure.kind).same_target == SameTarget::never) {
            barred_.insert({target.deployment, target.wildcard});
        }
        if (one_in(random_, 40)) {
            committed_ = true;
            chain_.committed();
        }
        now_ += Millis{static_cast<int>(below(random_, 4'000))};
        return chain_.failed(std::move(failure), moment());
    }

    Random random_;
    config::Config config_;
    chat::RequestControls controls_;
    RoutingTable table_;
    FleetView fleet_;
    AttemptChain chain_;
    TimePoint now_;
    std::set<std::pair<DeploymentIndex, std::string>> barred_;
    int sends_ = 0;
    bool committed_ = false;
    bool finished_ = false;
};

TEST(AttemptChainScripts, HoldTheRulesWhateverHappens)
{
    for (std::uint64_t seed = 0; seed < scripts; ++seed) {
        Script{seed}.run();
        ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace spillway::route
