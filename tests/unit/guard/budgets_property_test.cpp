#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "spillway/guard/budgets.hpp"

// Whatever happens in whatever order: no window is ever over its cap, and what is counted is what a
// recomputation from the charges gives, also in a process that was started again.
namespace spillway::guard {
namespace {

using chat::ScopeKind;
using std::chrono::seconds;

constexpr WallTime start{seconds{1'795'262'400}};
constexpr int steps = 4'000;

/// What the ledger would hold of one call.
struct Charged {
    std::vector<ScopeName> scopes;
    NanoUsd amount{};
    WallTime at{};
};

struct UnderWay {
    Reservation reservation;
    std::vector<ScopeName> scopes;
};

class World {
public:
    explicit World(unsigned seed) : random_(seed)
    {
        for (const auto& name : {ScopeName{ScopeKind::proxy, ""}, ScopeName{ScopeKind::key, "a"},
                                 ScopeName{ScopeKind::key, "b"}, ScopeName{ScopeKind::team, "t"},
                                 ScopeName{ScopeKind::provider, "p"}}) {
            chat::ScopeBudget budget;
            budget.scope = {name.kind, std::string(name.name)};
            for (const auto* period : {"30s", "2m", "1h", ""})
                if (below(2) == 0)
                    budget.hard.push_back({NanoUsd{1'000 + below(9'000)}, period});
            scopes_.push_back(name);
            caps_.push_back(std::move(budget));
        }
        begin();
    }

    void step()
    {
        now_ += seconds{below(10) == 0 ? below(40) - 15 : 0};  // Clocks go back, too.
        switch (below(10)) {
            case 0:
            case 1:
            case 2:
            case 3:
                reserve();
                break;
            case 4:
            case 5:
                finish(Certainty::exact);
                break;
            case 6:
                finish(Certainty::at_least);
                break;
            case 7:
                give_back();
                break;
            case 8:
                if (below(8) == 0)
                    lose_one();
                break;
            default:
                if (below(60) == 0)
                    crash();
        }
        check_caps();
    }

    void check_recomputation()
    {
        for (const auto& at : budgets_->look(now_)) {
            std::int64_t sum = 0;
            for (const auto& row : ledger_)
                if (row.at >= at.began && pays(row, at.scope))
                    sum += count(row.amount);
            EXPECT_EQ(count(at.spent), sum)
                << word(at.scope.kind) << " " << at.scope.name << " " << config::text_of(at.period);
        }
    }

private:
    std::int64_t below(std::int64_t limit)
    {
        return std::uniform_int_distribution<std::int64_t>(0, limit - 1)(random_);
    }

    static bool pays(const Charged& row, const chat::Scope& scope)
    {
        return std::any_of(row.scopes.begin(), row.scopes.end(), [&](const ScopeName& each) {
            return each.kind == scope.kind && each.name == scope.name;
        });
    }

    /// A new process: what is known comes from the ledger.
    void begin()
    {
        budgets_ = std::make_unique<Budgets>();
        for (const auto& row : ledger_)
            budgets_->seen(row.at);
        const auto adopted = budgets_->adopt(caps_, now_);
        for (const auto& window : adopted.unknown) {
            std::int64_t sum = 0;
            for (const auto& row : ledger_)
                if (row.at >= window.began && pays(row, window.scope))
                    sum += count(row.amount);
            budgets_->know(window, NanoUsd{sum}, now_);
        }
    }

    void reserve()
    {
        std::vector<ScopeName> scopes;
        for (const auto& scope : scopes_)
            if (below(2) == 0)
                scopes.push_back(scope);
        const bool can = budgets_->affords(scopes, NanoUsd{500}, now_);
        auto got = budgets_->reserve(RequestId{0, ++id_}, scopes, NanoUsd{500}, now_);
        EXPECT_EQ(can, got.has_value());
        if (got)
            open_.push_back(std::make_unique<UnderWay>(UnderWay{*std::move(got), scopes}));
    }

    std::unique_ptr<UnderWay> take()
    {
        const auto index = below(static_cast<std::int64_t>(open_.size()));
        std::swap(open_[static_cast<std::size_t>(index)], open_.back());
        auto one = std::move(open_.back());
        open_.pop_back();
        return one;
    }

    void finish(Certainty certainty)
    {
        if (open_.empty())
            return;
        auto one = take();
        const NanoUsd actual{below(500)};
        ledger_.push_back(
            {one->scopes, one->reservation.charge(actual, certainty), one->reservation.at()});
        one->reservation.settle(actual, certainty);
    }

    void give_back()
    {
        if (!open_.empty())
            take()->reservation.release();
    }

    void lose_one()
    {
        if (open_.empty())
            return;
        auto one = take();
        ledger_.push_back({one->scopes, one->reservation.amount(), one->reservation.at()});
    }

    /// Killed: what was under way is found again and charged as it was reserved.
    void crash()
    {
        for (auto& one : open_) {
            ledger_.push_back({one->scopes, one->reservation.amount(), one->reservation.at()});
            one->reservation.release();
        }
        open_.clear();
        begin();
    }

    void check_caps()
    {
        for (const auto& at : budgets_->look(now_))
            ASSERT_LE(count(at.spent) + count(at.reserved), count(at.cap))
                << word(at.scope.kind) << " " << config::text_of(at.period);
    }

    std::mt19937 random_;
    WallTime now_ = start;
    std::uint64_t id_ = 0;
    std::vector<ScopeName> scopes_;
    std::vector<chat::ScopeBudget> caps_;
    std::unique_ptr<Budgets> budgets_;
    std::vector<std::unique_ptr<UnderWay>> open_;
    std::vector<Charged> ledger_;
};

class BudgetsInAnyOrder : public ::testing::TestWithParam<unsigned> {};

TEST_P(BudgetsInAnyOrder, HoldTheirCapsAndEqualTheirRecomputation)
{
    World world(GetParam());
    for (int i = 0; i < steps && !HasFatalFailure(); ++i) {
        world.step();
        if (i % 97 == 0)
            world.check_recomputation();
    }
    world.check_recomputation();
}

INSTANTIATE_TEST_SUITE_P(Seeds, BudgetsInAnyOrder, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace spillway::guard
