#include "spillway/engine/overflow.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

Here here(Millis queue, Millis load = 0ms, Millis prefill = 500ms)
{
    Here asked;
    asked.forecast.queue = queue;
    asked.forecast.load = load;
    asked.forecast.prefill = prefill;
    asked.forecast.warmth = load > 0ms ? Warmth::cold : Warmth::loaded;
    return asked;
}

NextHop cloud(Leave leave = Leave::allowed, Millis first_token = 1s)
{
    return {.leave = leave, .first_token = first_token, .extra = NanoUsd{10'000'000}};
}

constexpr Verdict stays(Why why)
{
    return {Overflow::stay, why};
}
constexpr Verdict spills(Why why)
{
    return {Overflow::spill, why};
}
constexpr Verdict refused(Why why)
{
    return {Overflow::refuse, why};
}

struct Row {
    std::string what;
    Here here;
    NextHop next;
    Patience patience;
    Verdict expected;
};

std::vector<Row> rows()
{
    auto waited = here(1s);
    waited.waited = 4s;
    auto worn = here(700ms);
    worn.waited = 5s;
    auto promised = here(0ms);
    promised.waited = 9s;
    auto deceived = promised;
    deceived.waited = 10s;
    auto full = here(20s);
    full.room = Here::Room::full;
    auto late = here(20s);
    late.left = 10s;
    auto thrifty = Patience{};
    thrifty.most_per_second = NanoUsd{100'000};
    auto generous = Patience{};
    generous.most_per_second = NanoUsd{10'000'000};
    auto bridging = Patience{};
    bridging.bridge = Patience::Bridge::while_loading;
    return {
        {"served soon", here(2s), cloud(), {}, stays(Why::soon)},
        {"at the edge", here(4'500ms), cloud(), {}, stays(Why::soon)},
        {"too long", here(4'501ms), cloud(), {}, spills(Why::over_patience)},
        {"too long here, no shorter there",
         here(8s),
         cloud(Leave::allowed, 6s),
         {},
         stays(Why::no_better)},
        {"has waited, but is nearly there", waited, cloud(), {}, stays(Why::no_better)},
        {"has waited all its patience", worn, cloud(), {}, spills(Why::over_patience)},
        {"the same, but is next", promised, cloud(), {}, stays(Why::no_better)},
        {"has been next for too long", deceived, cloud(), {}, spills(Why::over_patience)},
        {"waits for a load", here(0ms, 8s), cloud(), {}, spills(Why::bridge)},
        {"a load within patience", here(0ms, 3s), cloud(), {}, stays(Why::soon)},
        {"a load, and the route bridges", here(0ms, 3s), cloud(), bridging, spills(Why::bridge)},
        {"nothing to bridge", here(3s), cloud(), bridging, stays(Why::soon)},
        {"pinned", here(60s), cloud(Leave::pinned), {}, stays(Why::pinned)},
        {"no money", here(60s), cloud(Leave::no_budget), {}, stays(Why::no_budget)},
        {"nowhere to go", here(60s), cloud(Leave::no_hop), {}, stays(Why::no_hop)},
        {"too dear", here(20s), cloud(), thrifty, stays(Why::too_dear)},
        {"dear, but a long wait", here(20s), cloud(), generous, spills(Why::over_patience)},
        {"no room", full, cloud(), {}, spills(Why::full)},
        {"no room, pinned", full, cloud(Leave::pinned), {}, refused(Why::full)},
        {"would begin too late", late, cloud(), {}, spills(Why::too_late)},
        {"would begin too late, pinned", late, cloud(Leave::pinned), {}, refused(Why::too_late)},
    };
}

TEST(Overflow, FollowsItsTable)
{
    for (const auto& row : rows())
        EXPECT_EQ(decide(row.here, row.next, row.patience), row.expected) << row.what;
}

TEST(Overflow, NeverSpillsWhatMayNotLeave)
{
    for (const auto leave : {Leave::pinned, Leave::no_budget, Leave::no_hop}) {
        for (const auto& row : rows()) {
            auto next = row.next;
            next.leave = leave;
            EXPECT_NE(decide(row.here, next, row.patience).what, Overflow::spill) << row.what;
        }
    }
}

TEST(Overflow, HasAWordForEverything)
{
    EXPECT_EQ(name(Overflow::stay), "stay");
    EXPECT_EQ(name(Overflow::spill), "spill");
    EXPECT_EQ(name(Overflow::refuse), "refuse");
    EXPECT_EQ(name(Why::soon), "soon");
    EXPECT_EQ(name(Why::no_better), "no_better");
    EXPECT_EQ(name(Why::too_dear), "too_dear");
    EXPECT_EQ(name(Why::pinned), "pinned");
    EXPECT_EQ(name(Why::no_budget), "no_budget");
    EXPECT_EQ(name(Why::no_hop), "no_hop");
    EXPECT_EQ(name(Why::over_patience), "over_patience");
    EXPECT_EQ(name(Why::bridge), "bridge");
    EXPECT_EQ(name(Why::full), "full");
    EXPECT_EQ(name(Why::too_late), "too_late");
}

TEST(Overflow, AsksAgainSoonerWhenPatienceRunsOut)
{
    auto fresh = here(4s);
    auto worn = here(4s);
    worn.waited = 4s;
    EXPECT_GT(ask_again_in(fresh, {}), ask_again_in(worn, {}));
    worn.waited = 1h;
    EXPECT_GT(ask_again_in(worn, {}), 0ms);
}

/// `a` is loaded, `b` is not, and both take 6 of what the engine has.
class WorthLoading : public testing::Test {
protected:
    WorthLoading()
    {
        ModelShape model;
        model.memory = 6;
        model.load = 10s;
        shape.models = {model, model};
        shape.models[0].warmth = Warmth::loaded;
        shape.models[0].loaded_at = start;
        shape.models[0].used_at = start;
        has(11);
    }
    void has(std::uint64_t memory)
    {
        shape.memory = memory;
        shape.limit = memory;
    }
    [[nodiscard]] bool worth(Millis later, ModelIndex model = b) const
    {
        return worth_loading(queue, shape, model, start + later);
    }

    static constexpr TimePoint start{1h};
    static constexpr ModelIndex a{0};
    static constexpr ModelIndex b{1};
    EngineShape shape;
    AdmissionQueue queue{QueueSettings{.turn = 30s}};
};

TEST_F(WorthLoading, OnlyAColdModelWithNobodyAtWorkInItsPlace)
{
    EXPECT_TRUE(worth(30s));
    EXPECT_FALSE(worth(30s, a)) << "it is loaded";
    const auto runs = queue.enter(Ask{}, shape, start);
    EXPECT_FALSE(worth(30s));
    has(12);
    EXPECT_TRUE(worth(30s));
    has(11);
    queue.leave(runs.ticket);
    EXPECT_TRUE(worth(30s));
}

TEST_F(WorthLoading, LeavesAModelItsTurn)
{
    EXPECT_FALSE(worth(0s));
    EXPECT_FALSE(worth(29s));
    EXPECT_TRUE(worth(30s));
    has(12);
    EXPECT_TRUE(worth(0s)) << "nobody has to go";
}

TEST_F(WorthLoading, NotInPlaceOfOneThatIsInUse)
{
    shape.models[0].used_at = start + 10min;
    EXPECT_FALSE(worth(10min + 9s));
    EXPECT_TRUE(worth(10min + 10s)) << "idle for as long as the load takes";
}

TEST_F(WorthLoading, NotInPlaceOfOneThatLoads)
{
    shape.models[0].warmth = Warmth::loading;
    EXPECT_FALSE(worth(10min));
}

TEST_F(WorthLoading, FindsOutWhetherBothFitAndOnlyOnce)
{
    shape.memory = 6;
    shape.limit.reset();
    EXPECT_TRUE(worth(0s));
    shape.models[0].clashes = 2;
    shape.models[1].clashes = 1;
    EXPECT_FALSE(worth(0s));
    EXPECT_TRUE(worth(30s));
}

}  // namespace
}  // namespace spillway::engine
