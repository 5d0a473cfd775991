#include "spillway/admin/key_desk.hpp"

#include <gmock/gmock.h>

#include <future>
#include <map>
#include <thread>

#include "json.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/ledger/store.hpp"
#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::admin {
namespace {

using keys::CallName;
using ledger::testing::full_record;
using ledger::testing::places_of;
using ledger::testing::settings_for;

/// A store in memory, in which somebody else can be faster.
class MemoryStore : public keys::Store {
public:
    Result<Contents> load() override { return changed_since(0); }
    Result<Contents> changed_since(keys::Version version) override
    {
        Contents out{version_, {}, Contents::Extent::changes};
        for (const auto& [id, row] : rows_)
            if (row.version > version)
                out.rows.push_back(row);
        return out;
    }
    Result<keys::Version> commit(std::span<const keys::Write> writes) override
    {
        if (disturbances_ > 0) {
            --disturbances_;
            return fail(Errc::changed_meanwhile, "somebody was faster");
        }
        if (broken_)
            return fail(Errc::io_error, "the disk is gone");
        ++version_;
        for (const auto& write : writes)
            rows_[write.id] = {write.kind, write.id, version_, write.body};
        return version_;
    }

    int disturbances_ = 0;
    bool broken_ = false;
    std::map<std::string, keys::Row> rows_;

private:
    keys::Version version_ = 0;
};

class KeyDeskTest : public ::testing::Test {
protected:
    KeyDeskTest()
    {
        store_ = std::move(*ledger::Store::open(settings_for(path_)));
        auto memory = std::make_unique<MemoryStore>();
        memory_ = memory.get();
        book_ = std::make_unique<keys::KeyBook>(
            std::move(memory), [this](std::span<const chat::ScopeBudget> budgets) {
                for (const auto& window : budgets_.adopt(budgets, clock_.wall()).unknown)
                    budgets_.know(window, NanoUsd{0}, clock_.wall());
                return Result<void>{};
            });
        EXPECT_TRUE(book_->load({}));
        desk_.emplace(KeyDesk::Parts{*book_, budgets_, clock_, path_});
        thread_ = std::thread([this] { shard_.run(); });
    }
    ~KeyDeskTest() override
    {
        shard_.stop();
        thread_.join();
        desk_.reset();
    }

    Result<std::string> ask(CallName name, keys::Question question)
    {
        question.asker.rights = chat::AdminRights::all;
        std::promise<Result<std::string>> promise;
        shard_.post([&] { net::spawn(relay(name, question, promise)); });
        return promise.get_future().get();
    }
    net::Task<void> relay(CallName name, keys::Question question,
                          std::promise<Result<std::string>>& promise)
    {
        auto rules = std::make_shared<const keys::CallRules>();
        auto answer = co_await desk_->ask(shard_, name, std::move(question), std::move(rules));
        promise.set_value(std::move(answer));
    }
    Json post(CallName name, const std::string& body, std::string segment = {})
    {
        const auto answer = ask(name, {Json::parse(body), {}, std::move(segment), {}});
        EXPECT_TRUE(answer) << answer.error().message();
        return answer ? Json::parse(*answer) : Json();
    }
    Json info(const std::string& key)
    {
        const auto answer = ask(CallName::key_info, {Json::object(), {{"key", key}}, {}, {}});
        EXPECT_TRUE(answer);
        return answer ? Json::parse(*answer)["info"] : Json();
    }
    /// A call of that key, so long ago.
    void spend(const std::string& key, std::int64_t nanos, std::chrono::hours ago = {})
    {
        auto record = full_record(ids_, clock_.wall() - ago);
        record.key_hash = sha256_hex(key);
        record.team_id = "red";
        record.cost = NanoUsd{nanos};
        record.charged.reset();
        record.charged_at.reset();
        std::vector<ledger::SpendRecord> records{record};
        EXPECT_TRUE(store_->append(places_of(records)));
    }

    ledger::testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<ledger::Store> store_;
    SystemClock clock_;
    guard::Budgets budgets_;
    MemoryStore* memory_ = nullptr;
    std::unique_ptr<keys::KeyBook> book_;
    std::optional<KeyDesk> desk_;
    net::Shard shard_;
    std::thread thread_;
};

TEST_F(KeyDeskTest, MakesAKeyThatIsInForceAndStored)
{
    const auto made = post(CallName::key_generate, R"({"max_budget": 2, "budget_duration": "1d"})");
    const auto key = made["key"].get<std::string>();
    EXPECT_TRUE(desk_->known()->grants.find(sha256_hex(key)));
    EXPECT_EQ(memory_->rows_.size(), 1U);
    EXPECT_EQ(made["spend"], 0.0);
    EXPECT_TRUE(made["budget_reset_at"].is_string());
    EXPECT_NE(post(CallName::key_generate, "{}")["key"], key);
}

TEST_F(KeyDeskTest, DecidesAgainWhenSomebodyElseWasFaster)
{
    memory_->disturbances_ = 2;
    post(CallName::key_generate, "{}");
    EXPECT_EQ(memory_->rows_.size(), 1U);
    memory_->disturbances_ = 100;
    const auto answer = ask(CallName::key_generate, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Errc::changed_meanwhile);
}

TEST_F(KeyDeskTest, PassesOnWhatTheStoreSays)
{
    memory_->broken_ = true;
    const auto answer = ask(CallName::key_generate, {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Errc::io_error);
    EXPECT_EQ(desk_->known()->catalog.keys().size(), 0U);
}

TEST_F(KeyDeskTest, SumsWhatAKeyWithoutABudgetSpent)
{
    const auto key = post(CallName::key_generate, "{}")["key"].get<std::string>();
    spend(key, 1'000'000'000, std::chrono::hours{24 * 40});
    spend(key, 500'000'000);
    spend("sk-somebody-else", 7'000'000'000);
    EXPECT_EQ(info(key)["spend"], 1.5);
    EXPECT_EQ(info(key)["budget_reset_at"], nullptr);
}

TEST_F(KeyDeskTest, CountsFromAResetOn)
{
    const auto key = post(CallName::key_generate, "{}")["key"].get<std::string>();
    spend(key, 1'000'000'000, std::chrono::hours{50});
    spend(key, 250'000'000, std::chrono::hours{1});
    const auto reset = post(CallName::key_reset_spend, R"({"reset_to": 0.125})", key);
    EXPECT_EQ(reset["previous_spend"], 1.25);
    EXPECT_EQ(reset["spend"], 0.125);
    EXPECT_EQ(info(key)["spend"], 0.125);
    spend(key, 2'000'000'000);
    EXPECT_EQ(info(key)["spend"], 2.125);
}

TEST_F(KeyDeskTest, ShowsWhatABudgetCounts)
{
    const auto key = post(CallName::key_generate, R"({"max_budget": 5})")["key"].get<std::string>();
    const std::string hash = sha256_hex(key);
    const std::array payer{guard::ScopeName{chat::ScopeKind::key, hash}};
    auto reservation =
        budgets_.reserve(ids_.next(clock_.wall()), payer, NanoUsd{3'000'000'000}, clock_.wall());
    ASSERT_TRUE(reservation);
    reservation->settle(NanoUsd{2'000'000'000}, guard::Certainty::exact);
    EXPECT_EQ(info(key)["spend"], 2.0);
}

TEST_F(KeyDeskTest, SumsTeamsAndMembersToo)
{
    post(CallName::team_new, R"({"team_id": "red", "members_with_roles": [{"user_id": "u-7"}]})");
    spend("sk-whoever-it-may-be", 750'000'000);
    const auto answer = ask(CallName::team_info, {Json::object(), {{"team_id", "red"}}, {}, {}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(Json::parse(*answer)["team_info"]["spend"], 0.75);
}

}  // namespace
}  // namespace spillway::admin
