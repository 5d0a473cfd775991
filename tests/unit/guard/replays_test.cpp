#include "spillway/guard/replays.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;

const WallTime noon{std::chrono::hours{400'000}};
constexpr ReplayLimits usual{24h, 1'000, 10};

chat::KeptAnswerPtr answer(const std::string& body)
{
    auto made = std::make_shared<chat::KeptAnswer>();
    made->body = body;
    return made;
}

/// A follower, and what it was woken with.
struct Follower {
    int woken = 0;
    chat::KeptAnswerPtr got;
};

class ReplaysTest : public testing::Test {
protected:
    Replays::Decision ask(const std::string& key, const std::string& request = "r",
                          Follower* follower = nullptr, WallTime now = noon)
    {
        return replays_.ask(
            key, request,
            [follower](chat::KeptAnswerPtr got) {
                ++follower->woken;
                follower->got = std::move(got);
            },
            now, 24h);
    }
    std::unique_ptr<Replays::Lead> lead(const std::string& key, const std::string& request = "r",
                                        WallTime now = noon)
    {
        auto decision = ask(key, request, nullptr, now);
        auto* const lead = std::get_if<Replays::Lead>(&decision);
        return lead != nullptr ? std::make_unique<Replays::Lead>(std::move(*lead)) : nullptr;
    }
    std::uint64_t follow(const std::string& key, Follower& follower)
    {
        return std::get<Replays::Follows>(ask(key, "r", &follower)).ticket;
    }
    void keep(const std::string& key, const std::string& body, WallTime now = noon)
    {
        (void)lead(key, "r", now)->keep(answer(body), now, usual);
    }
    bool is_kept(const std::string& key, WallTime now = noon)
    {
        return std::holds_alternative<Replays::Kept>(ask(key, "r", nullptr, now));
    }
    Replays replays_;
};

TEST_F(ReplaysTest, LetsTheFirstLeadAndTheOthersFollow)
{
    const auto first = lead("k");
    ASSERT_TRUE(first);
    Follower one;
    EXPECT_TRUE(std::holds_alternative<Replays::Follows>(ask("k", "r", &one)));
    EXPECT_EQ(one.woken, 0);
}

TEST_F(ReplaysTest, GivesTheAnswerToAllWhoFollowAndToAllWhoAskLater)
{
    auto first = lead("k");
    Follower one, two;
    follow("k", one);
    follow("k", two);
    EXPECT_TRUE(first->keep(answer("yes"), noon, usual).empty());
    first.reset();
    EXPECT_EQ(one.got->body, "yes");
    EXPECT_EQ(two.got->body, "yes");
    auto later = ask("k", "r", nullptr, noon + 23h);
    EXPECT_EQ(std::get<Replays::Kept>(later).answer->body, "yes");
}

TEST_F(ReplaysTest, RefusesAnotherRequestUnderTheSameKey)
{
    {
        const auto running = lead("k");
        EXPECT_TRUE(std::holds_alternative<Replays::Conflict>(ask("k", "other")));
        (void)running->keep(answer("yes"), noon, usual);
    }
    EXPECT_TRUE(std::holds_alternative<Replays::Conflict>(ask("k", "other")));
    EXPECT_TRUE(lead("k2", "other"));
}

TEST_F(ReplaysTest, LetsTheOldestFollowerLeadWhenTheLeaderFails)
{
    auto first = lead("k");
    Follower one, two;
    const auto ticket = follow("k", one);
    follow("k", two);
    first.reset();
    EXPECT_EQ(one.woken, 1);
    EXPECT_EQ(one.got, nullptr);
    EXPECT_EQ(two.woken, 0);
    auto second = std::make_unique<Replays::Lead>(replays_, "k", ticket);
    (void)second->keep(answer("yes"), noon, usual);
    EXPECT_EQ(two.got->body, "yes");
}

TEST_F(ReplaysTest, IsAbsentAgainWhenNobodyFollowsALeaderThatFailed)
{
    lead("k").reset();
    EXPECT_EQ(replays_.size(), 0U);
    EXPECT_TRUE(lead("k", "other"));
}

TEST_F(ReplaysTest, WakesNobodyWhoLeft)
{
    auto first = lead("k");
    Follower one, two;
    const auto ticket = follow("k", one);
    follow("k", two);
    replays_.leave("k", ticket);
    (void)first->keep(answer("yes"), noon, usual);
    EXPECT_EQ(one.woken, 0);
    EXPECT_EQ(two.woken, 1);
}

TEST_F(ReplaysTest, PassesOnTheLeadOfAFollowerThatLeftBeforeItKnew)
{
    auto first = lead("k");
    Follower one, two;
    const auto ticket = follow("k", one);
    follow("k", two);
    first.reset();
    replays_.leave("k", ticket);
    EXPECT_EQ(two.woken, 1);
    EXPECT_EQ(two.got, nullptr);
}

TEST_F(ReplaysTest, SharesWithoutKeeping)
{
    auto first = lead("k");
    Follower one;
    follow("k", one);
    first->share(answer("yes"));
    EXPECT_EQ(one.got->body, "yes");
    EXPECT_EQ(replays_.size(), 0U);
}

TEST_F(ReplaysTest, ForgetsAfterADay)
{
    keep("k", "yes");
    EXPECT_TRUE(is_kept("k", noon + 24h - 1s));
    EXPECT_TRUE(lead("k", "other", noon + 24h));
}

TEST_F(ReplaysTest, ForgetsTheOldestWhenThereAreTooMany)
{
    for (int i = 0; i < 10; ++i)
        keep("k" + std::to_string(i), "x", noon + i * 1s);
    const auto gone = lead("new")->keep(answer("x"), noon + 20s, usual);
    EXPECT_EQ(gone, std::vector<std::string>{"k0"});
    EXPECT_TRUE(is_kept("k1"));
}

TEST_F(ReplaysTest, ForgetsTheOldestWhenTheyAreTooLargeTogether)
{
    keep("a", std::string(400, 'x'));
    keep("b", std::string(400, 'x'), noon + 1s);
    const auto gone = lead("c")->keep(answer(std::string(700, 'x')), noon + 2s, usual);
    EXPECT_EQ(gone, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(replays_.bytes(), 700U);
}

TEST_F(ReplaysTest, KnowsWhatIsOnlyOnDisk)
{
    replays_.restore("k", "r", noon - 1h, 50);
    auto decision = ask("k");
    ASSERT_TRUE(std::holds_alternative<Replays::Kept>(decision));
    EXPECT_EQ(std::get<Replays::Kept>(decision).answer, nullptr);
    EXPECT_TRUE(std::holds_alternative<Replays::Conflict>(ask("k", "other")));
    EXPECT_EQ(replays_.bytes(), 50U);
}

TEST_F(ReplaysTest, LetsMemoryGoOfWhatTheDiskHas)
{
    keep("k", "yes");
    replays_.written("k");
    auto decision = ask("k");
    EXPECT_EQ(std::get<Replays::Kept>(decision).answer, nullptr);
    replays_.lost("k");
    EXPECT_TRUE(lead("k"));
}

TEST_F(ReplaysTest, NeverLetsTwoLeadAtOnceWhateverTheRequestsDo)
{
    std::atomic<int> leading{0};
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&, seed] {
            std::mt19937 random(seed);
            for (int i = 0; i < 2'000; ++i) {
                struct Wait {
                    std::mutex mutex;
                    bool woken = false;
                    chat::KeptAnswerPtr got;
                };
                auto wait = std::make_shared<Wait>();
                const auto wake = [wait](chat::KeptAnswerPtr got) {
                    const std::scoped_lock lock(wait->mutex);
                    wait->woken = true;
                    wait->got = std::move(got);
                };
                auto decision = replays_.ask("k", "r", wake, noon, 24h);
                std::optional<Replays::Lead> lead;
                if (auto* const first = std::get_if<Replays::Lead>(&decision)) {
                    lead.emplace(std::move(*first));
                } else if (const auto* follows = std::get_if<Replays::Follows>(&decision)) {
                    const bool impatient = random() % 4 == 0;
                    for (bool done = impatient; !done; std::this_thread::yield()) {
                        const std::scoped_lock lock(wait->mutex);
                        done = wait->woken;
                    }
                    if (impatient) {
                        replays_.leave("k", follows->ticket);
                        continue;
                    }
                    if (wait->got == nullptr)
                        lead.emplace(replays_, "k", follows->ticket);
                    else
                        ++answered;
                }
                if (!lead)
                    continue;
                EXPECT_EQ(leading.fetch_add(1), 0);
                std::this_thread::yield();
                leading.fetch_sub(1);
                if (random() % 3 == 0)
                    lead->share(answer("yes"));
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(replays_.size(), 0U);
}

}  // namespace
}  // namespace spillway::guard
