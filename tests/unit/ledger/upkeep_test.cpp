#include "spillway/ledger/upkeep.hpp"

#include <gtest/gtest.h>

#include "ledger_fixture.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/ledger/charges.hpp"
#include "spillway/ledger/query.hpp"
#include "spillway/ledger/verify.hpp"

namespace spillway::ledger {
namespace {

using testing::at_micros;
using testing::full_record;
using testing::places_of;
using testing::settings_for;
using testing::value_of;

constexpr std::int64_t day = 86'400'000'000;
constexpr std::int64_t nov_20 = 1'795'132'800'000'000;  // 2026-11-20T00:00:00Z

class UpkeepTest : public ::testing::Test {
protected:
    UpkeepTest() { open(); }

    void open()
    {
        store_.reset();
        auto store = Store::open(settings_for(path_));
        EXPECT_TRUE(store);
        store_ = std::move(*store);
        query_ = std::move(*Query::open(path_));
    }
    SpendRecord record(std::int64_t started_micros, std::int64_t nanos)
    {
        auto out = full_record(ids_, at_micros(started_micros));
        out.cost = NanoUsd{nanos};
        out.charged.reset();
        out.charged_at.reset();
        return out;
    }
    void write(const std::vector<SpendRecord>& records)
    {
        ASSERT_TRUE(store_->append(places_of(records)));
    }
    /// `count` records, one of a nano-dollar every so often from `first` on.
    void write_many(int count, std::int64_t first, std::int64_t apart = 1'000)
    {
        std::vector<SpendRecord> records;
        for (int i = 0; i < count; ++i)
            records.push_back(record(first + i * apart, 1));
        write(records);
    }
    void work(RetentionRule rule = {}, std::int64_t now = nov_20)
    {
        Upkeep upkeep(path_, std::move(rule));
        while (upkeep.work(at_micros(now)) == Upkeep::Left::more) {
        }
    }
    static RetentionRule days(int count)
    {
        RetentionRule rule;
        rule.keep = std::chrono::hours{24 * count};
        return rule;
    }
    std::vector<SumsRow> sums(std::vector<Dimension> by, std::vector<SumsQuery::Only> only = {})
    {
        SumsQuery query;
        query.by = std::move(by);
        query.only = std::move(only);
        auto rows = query_->sums(query);
        EXPECT_TRUE(rows) << rows.error().message();
        return rows ? *rows : std::vector<SumsRow>{};
    }
    Sums total()
    {
        const auto rows = sums({});
        return rows.empty() ? Sums{} : rows.front().sums;
    }
    std::string rows() { return value_of(path_, "SELECT count(*) FROM records"); }
    std::vector<Finding> findings()
    {
        VerifyWish wish;
        wish.ledger_path = path_;
        auto verdict = verify(wish);
        EXPECT_TRUE(verdict) << verdict.error().message();
        return verdict ? verdict->findings : std::vector<Finding>{{"error", ""}};
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<Store> store_;
    std::unique_ptr<Query> query_;
};

TEST_F(UpkeepTest, SumsAreTheSameBeforeAndBehindTheMark)
{
    write_many(2'500, nov_20);
    const auto before = total();
    work();
    EXPECT_EQ(value_of(path_, "SELECT through_seq FROM rollup_mark"), "2500");
    const auto behind = total();
    EXPECT_EQ(before.requests, 2'500);
    EXPECT_EQ(behind.requests, before.requests);
    EXPECT_EQ(behind.cost.json(), before.cost.json());
    EXPECT_EQ(behind.prompt_tokens, before.prompt_tokens);
}

TEST_F(UpkeepTest, SumsJoinWhatIsRolledUpAndWhatIsNot)
{
    write_many(10, nov_20);
    work();
    write_many(5, nov_20 + day);
    const auto rows = sums({Dimension::day});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].names[0], "2026-11-20");
    EXPECT_EQ(rows[0].sums.requests, 10);
    EXPECT_EQ(rows[1].names[0], "2026-11-21");
    EXPECT_EQ(rows[1].sums.requests, 5);
}

TEST_F(UpkeepTest, ARecordIsRolledUpOnce)
{
    for (int round = 1; round <= 3; ++round) {
        write_many(7, nov_20);
        work();
        EXPECT_EQ(value_of(path_, "SELECT sum(requests) FROM rollups"), std::to_string(7 * round));
    }
    work();
    EXPECT_EQ(value_of(path_, "SELECT sum(requests) FROM rollups"), "21");
}

TEST_F(UpkeepTest, DaysAreThoseOfUtc)
{
    write({record(nov_20 - 1, 1), record(nov_20, 2)});
    work();
    const auto rows = sums({Dimension::day});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].sums.cost.json(), "0.000000001");
    EXPECT_EQ(rows[1].sums.cost.json(), "0.000000002");
}

TEST_F(UpkeepTest, UnknownCostsAreCountedAndReplayedAnswersToo)
{
    auto unknown = record(nov_20, 0);
    unknown.cost.reset();
    auto replayed = record(nov_20, 0);
    replayed.replayed = true;
    auto refused = record(nov_20, 0);
    refused.outcome = Outcome::refused;
    write({record(nov_20, 3), unknown, replayed, refused});
    for (int round = 0; round < 2; ++round) {
        const auto sum = total();
        EXPECT_EQ(sum.requests, 4);
        EXPECT_EQ(sum.served, 3);
        EXPECT_EQ(sum.unknown_costs, 1);
        EXPECT_EQ(sum.replayed, 1);
        EXPECT_EQ(sum.cost.json(), "0.000000003");
        work();
    }
}

TEST_F(UpkeepTest, ChargesAreTheCostWhereNothingElseIsSaid)
{
    auto more = record(nov_20, 5);
    more.charged = NanoUsd{11};
    write({record(nov_20, 3), more});
    work();
    EXPECT_EQ(total().charged.json(), "0.000000014");
}

TEST_F(UpkeepTest, OnlyWhatHasBothCostsIsCompared)
{
    auto plain = record(nov_20, 5);
    plain.reference_cost.reset();
    auto unknown = record(nov_20, 0);
    unknown.cost.reset();
    write({record(nov_20, 3), plain, unknown});
    work();
    EXPECT_EQ(total().compared.json(), "0.000000003");
    EXPECT_EQ(total().reference.json(), "0.009000002");
}

TEST_F(UpkeepTest, ATagThatARequestHasTwiceCountsOnce)
{
    auto twice = record(nov_20, 5);
    twice.tags = R"(["blue","blue","red"])";
    auto odd = record(nov_20, 7);
    odd.tags = R"(["bl)";
    write({twice, odd});
    for (int round = 0; round < 2; ++round) {
        const auto rows = sums({Dimension::tag});
        ASSERT_EQ(rows.size(), 2U);
        EXPECT_EQ(rows[0].names[0], "blue");
        EXPECT_EQ(rows[0].sums.requests, 1);
        EXPECT_EQ(rows[1].names[0], "red");
        EXPECT_EQ(rows[1].sums.cost.json(), "0.000000005");
        work();
    }
}

TEST_F(UpkeepTest, EveryDimensionRestrictsAndNames)
{
    auto other = record(nov_20, 10);
    other.key_hash = sha256_hex("sk-other");
    other.team_id = "sales";
    other.user_id = "u-8";
    other.end_user = "bert";
    other.tags = R"(["green"])";
    other.upstream_model = "llama";
    other.group = "small";
    other.deployment_id = "dep-2";
    other.provider = "ollama";
    other.api_base = "http://127.0.0.1:11434";
    write({record(nov_20, 1), other});
    const std::vector<std::pair<Dimension, std::string>> names{
        {Dimension::key, other.key_hash}, {Dimension::team, "sales"},
        {Dimension::user, "u-8"},         {Dimension::end_user, "bert"},
        {Dimension::tag, "green"},        {Dimension::model, "llama"},
        {Dimension::group, "small"},      {Dimension::deployment, "dep-2"},
        {Dimension::provider, "ollama"},  {Dimension::api_base, "http://127.0.0.1:11434"}};
    for (int round = 0; round < 2; ++round) {
        for (const auto& [dimension, name] : names) {
            const auto rows = sums({dimension}, {{dimension, {name}}});
            ASSERT_EQ(rows.size(), 1U) << name;
            EXPECT_EQ(rows[0].names[0], name);
            EXPECT_EQ(rows[0].sums.cost.json(), "0.00000001") << name;
        }
        work();
    }
    EXPECT_TRUE(sums({}, {{Dimension::team, {"nobody"}}}).empty());
    EXPECT_TRUE(sums({}, {{Dimension::team, {}}}).empty());
}

TEST_F(UpkeepTest, DimensionsThatNoSumsHaveTogetherAreRefused)
{
    SumsQuery query;
    query.by = {Dimension::tag, Dimension::end_user};
    EXPECT_EQ(query_->sums(query).error().code(), Errc::invalid_request);
}

TEST_F(UpkeepTest, NothingIsRetiredWithoutARule)
{
    write_many(3, nov_20 - 1'000 * day);
    work();
    EXPECT_EQ(rows(), "3");
}

TEST_F(UpkeepTest, WhatIsTooOldGoesAndItsSumsStay)
{
    write_many(1'500, nov_20 - 100 * day);
    write_many(1'500, nov_20 - 10 * day);
    const auto before = total();
    work(days(90));
    EXPECT_EQ(rows(), "1500");
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM routings WHERE record <= 1500"), "0");
    EXPECT_EQ(total().requests, before.requests);
    EXPECT_EQ(total().cost.json(), before.cost.json());
    EXPECT_TRUE(findings().empty());
}

TEST_F(UpkeepTest, AgeIsThatOfTheRecordWhereverTheClockWas)
{
    write({record(nov_20 - 100 * day, 1), record(nov_20 - day, 1), record(nov_20 - 91 * day, 1)});
    work(days(90));
    EXPECT_EQ(rows(), "1");
    EXPECT_TRUE(findings().empty());
}

TEST_F(UpkeepTest, WhatABudgetsPeriodIsSummedFromStays)
{
    write_many(5, nov_20 - 100 * day);
    write_many(5, nov_20 - 95 * day);
    auto rule = days(90);
    rule.needed_from = [](WallTime) { return at_micros(nov_20 - 97 * day); };
    work(rule);
    EXPECT_EQ(rows(), "5");
}

TEST_F(UpkeepTest, ARecordThatALaterPeriodPaysStaysWithThatPeriod)
{
    auto late = record(nov_20 - 100 * day, 1);
    late.charged_at = at_micros(nov_20 - 80 * day);
    write({late});
    work(days(90));
    EXPECT_EQ(rows(), "1");
}

TEST_F(UpkeepTest, WhatPostgresqlDoesNotHaveYetStays)
{
    write_many(10, nov_20 - 100 * day);
    ASSERT_EQ(value_of(path_, "UPDATE shipped SET through_seq = 4"), "(none)");
    auto rule = days(90);
    rule.outbox = RetentionRule::Outbox::must_be_empty;
    work(rule);
    EXPECT_EQ(rows(), "6");
    EXPECT_EQ(value_of(path_, "SELECT min(seq) FROM records"), "5");
}

TEST_F(UpkeepTest, WhatPostgresqlRefusedStays)
{
    write_many(10, nov_20 - 100 * day);
    value_of(path_, "INSERT INTO quarantine VALUES (3, '22000', 'no', 'then')");
    value_of(path_, "UPDATE shipped SET through_seq = 10");
    work(days(90));
    EXPECT_EQ(value_of(path_, "SELECT seq FROM records"), "3");
    EXPECT_TRUE(findings().empty());
}

TEST_F(UpkeepTest, NumbersOfRetiredRecordsAreNotGivenAgain)
{
    write_many(10, nov_20 - 100 * day);
    work(days(90));
    EXPECT_EQ(rows(), "0");
    open();
    write_many(1, nov_20);
    EXPECT_EQ(value_of(path_, "SELECT seq FROM records"), "11");
    work(days(90));
    EXPECT_EQ(total().requests, 11);
    EXPECT_TRUE(findings().empty());
}

TEST_F(UpkeepTest, SpaceIsUsedAgain)
{
    write_many(6'000, nov_20 - 100 * day);
    work(days(90));
    const auto pages = std::stoi(value_of(path_, "PRAGMA page_count"));
    const auto free = std::stoi(value_of(path_, "PRAGMA freelist_count"));
    EXPECT_GT(free, pages / 2);
    write_many(5'000, nov_20);
    EXPECT_LE(std::stoi(value_of(path_, "PRAGMA page_count")), pages + pages / 20);
}

TEST_F(UpkeepTest, RecordsOfAPeriodAreFoundBesideRetiredOnes)
{
    write_many(3'000, nov_20 - 100 * day);
    const auto kept = record(nov_20, 5);
    write({kept});
    work(days(90));
    LogsQuery query;
    query.request_id = kept.id.text();
    EXPECT_NE(query_->spend_logs(query)->find(kept.id.text()), std::string::npos);
    query = {};
    EXPECT_NE(query_->spend_logs(query)->find(kept.id.text()), std::string::npos);
}

TEST_F(UpkeepTest, ASumOfAllTimesHasWhatWasRetired)
{
    write_many(10, nov_20 - 100 * day);
    work(days(90));
    write_many(5, nov_20);
    ChargesQuestion question;
    question.scopes = {{{chat::ScopeKind::proxy, ""}, WallTime{}},
                       {{chat::ScopeKind::provider, "openai"}, WallTime{}},
                       {{chat::ScopeKind::proxy, ""}, at_micros(nov_20 - day)}};
    question.end_users_since = {WallTime{}};
    const auto charges = charges_since(path_, question);
    ASSERT_TRUE(charges);
    // Those of before were charged 1 each, like the later ones.
    EXPECT_EQ(charges->scopes[0], NanoUsd{15});
    EXPECT_EQ(charges->scopes[1], NanoUsd{15});
    EXPECT_EQ(charges->scopes[2], NanoUsd{5});
    EXPECT_EQ(charges->end_users.at("anna").front(), NanoUsd{15});
}

TEST_F(UpkeepTest, WhatRetiredRecordsWereChargedIsKeptForEveryScope)
{
    auto charged = full_record(ids_, at_micros(nov_20 - 100 * day));
    charged.charged = NanoUsd{2'500'000'000};
    charged.charged_at.reset();
    write({charged, charged});
    work(days(90));
    const auto of = [&](const std::string& scope, const std::string& name) {
        return value_of(path_,
                        "SELECT charged_usd || '.' || charged_nanos FROM retired_charges WHERE "
                        "scope = '" +
                            scope +
                            "' AND CAST(coalesce((SELECT text FROM words WHERE "
                            "id = name), name) AS TEXT) = '" +
                            name + "'");
    };
    EXPECT_EQ(of("proxy", "0"), "4.1000000000");
    for (const auto& [scope, name] :
         std::vector<std::pair<std::string, std::string>>{{"provider", "openai"},
                                                          {"deployment", "dep-1"},
                                                          {"group", "smart"},
                                                          {"key", charged.key_hash},
                                                          {"team", "research"},
                                                          {"user", "u-7"},
                                                          {"member", "research/u-7"},
                                                          {"end_user", "anna"},
                                                          {"tag", "batch"}})
        EXPECT_EQ(of(scope, name), "4.1000000000") << scope;
}

TEST_F(UpkeepTest, FollowsALedgerThatBeganAnew)
{
    write_many(10, nov_20);
    Upkeep upkeep(path_, {});
    upkeep.work(at_micros(nov_20));
    store_.reset();
    std::filesystem::remove(path_);
    open();
    write_many(3, nov_20);
    upkeep.work(at_micros(nov_20));
    EXPECT_EQ(value_of(path_, "SELECT sum(requests) FROM rollups"), "3");
}

TEST_F(UpkeepTest, LeavesOutOfAnEndlessBudgetWhatIsBeforeItsOpening)
{
    const auto charge = [this](const chat::Scope& scope, std::int64_t from) {
        ChargesQuestion question;
        question.scopes.push_back({scope, at_micros(from), ChargesQuestion::Period::endless});
        const auto charges = charges_since(path_, question);
        EXPECT_TRUE(charges);
        return charges ? count(charges->scopes.at(0)) : -1;
    };
    const auto known = record(nov_20, 0);
    const chat::Scope key{chat::ScopeKind::key, known.key_hash};
    const chat::Scope member{chat::ScopeKind::member, known.team_id + "/" + known.user_id};
    write({record(nov_20 - 40 * day, 1), record(nov_20 - 20 * day, 10)});
    // What is retired is said to be of before, then as well as later.
    const std::vector<Opened> opened{{key, at_micros(nov_20 - 30 * day)}};
    ASSERT_TRUE(note_openings(path_, opened, at_micros(nov_20 - 30 * day)));
    work(days(10));
    EXPECT_EQ(charge(key, nov_20 - 30 * day), 10);
    EXPECT_EQ(charge(member, 0), 11) << "it was not opened anew";
    const std::vector<Opened> again{{key, at_micros(nov_20)},
                                    {member, at_micros(nov_20 - 5 * day)}};
    ASSERT_TRUE(note_openings(path_, again, at_micros(nov_20)));
    EXPECT_EQ(charge(key, nov_20), 0);
    EXPECT_EQ(charge(member, nov_20 - 5 * day), 11) << "an old opening leaves what is there";
    ASSERT_TRUE(note_openings(path_, opened, at_micros(nov_20)));
    write({record(nov_20 - day, 100), record(nov_20 + day, 1'000)});
    work(days(10), nov_20 + 30 * day);
    EXPECT_EQ(charge(key, nov_20), 1'000) << "an earlier opening changes nothing";
}

}  // namespace
}  // namespace spillway::ledger
