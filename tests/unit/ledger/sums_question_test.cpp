#include "../../../src/ledger/sums_question.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledger_fixture.hpp"
#include "spillway/ledger/upkeep.hpp"

namespace spillway::ledger {
namespace {

using testing::at_micros;
using testing::full_record;
using testing::places_of;
using testing::settings_for;

constexpr Day nov_20 = 20'777;  // 2026-11-20
constexpr std::int64_t micros_per_day = 86'400'000'000;

class SumsQuestion : public ::testing::Test {
protected:
    SumsQuestion() : store_(std::move(*Store::open(settings_for(path_)))) {}

    SpendRecord record(Day day, const std::string& end_user, const std::string& model)
    {
        auto out = full_record(ids_, at_micros(day * micros_per_day));
        out.end_user = end_user;
        out.upstream_model = model;
        out.cost = NanoUsd{600'000'000};
        return out;
    }
    void write(const std::vector<SpendRecord>& records)
    {
        ASSERT_TRUE(store_->append(places_of(records)));
    }
    void roll_up()
    {
        Upkeep upkeep(path_, {});
        while (upkeep.work(at_micros(nov_20 * micros_per_day)) == Upkeep::Left::more) {
        }
    }
    std::vector<std::string> plan_of(const SumsQuery& query, const Cube& cube, SumsPart part)
    {
        auto connection = sqlite::Connection::open(path_, sqlite::Access::read);
        EXPECT_TRUE(connection);
        auto rows = connection->prepare("EXPLAIN QUERY PLAN " + sums_sql(query, cube, part));
        EXPECT_TRUE(rows);
        std::vector<std::string> plan;
        while (rows && rows->step() == SQLITE_ROW)
            plan.emplace_back(rows->text(3));
        return plan;
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<Store> store_;
};

/// A week by customers of a ledger of ten million records took eleven seconds, nearly all of it in
/// sorting whole rows on disk for GROUP BY.
TEST_F(SumsQuestion, ReadsTheDaysAskedForInTheOrderOfTheTableAndSortsNothing)
{
    write({record(nov_20, "anna", "gpt-4o")});
    for (const auto& cube : cubes()) {
        SumsQuery query;
        query.first = nov_20;
        query.last = nov_20 + 6;
        for (const auto& column : cube.columns)
            query.by.insert(query.by.begin(), column.dimension);
        query.only.push_back({Dimension::team, {"research"}});
        const auto table = std::string(cube.table);
        // One pass over the days, and nothing else.
        EXPECT_THAT(
            plan_of(query, cube, SumsPart::rolled_up),
            ::testing::ElementsAre("SEARCH " + table + " USING PRIMARY KEY (day>? AND day<?)"));
        // Behind the mark: never the whole of the records.
        const auto behind = plan_of(query, cube, SumsPart::behind_mark);
        EXPECT_THAT(behind, ::testing::Contains(::testing::AllOf(
                                ::testing::StartsWith("SEARCH"),
                                ::testing::HasSubstr("INTEGER PRIMARY KEY (rowid>? AND rowid<?)"))))
            << table;
        EXPECT_THAT(behind,
                    ::testing::Not(::testing::Contains(::testing::AnyOf(
                        ::testing::StartsWith("SCAN records"),
                        ::testing::StartsWith("SCAN main.records"), ::testing::HasSubstr("BY")))))
            << table;
    }
}

TEST_F(SumsQuestion, GroupsAreOneWhereverTheirRowsLie)
{
    write({record(nov_20, "anna", "a"), record(nov_20, "bert", "a"), record(nov_20, "anna", "b")});
    roll_up();
    write({record(nov_20 + 1, "anna", "a"), record(nov_20, "anna", "a"), record(nov_20, "", "a")});
    auto query = std::move(*Query::open(path_));
    SumsQuery question;
    question.by = {Dimension::model, Dimension::end_user};
    const auto rows = query->sums(question);
    ASSERT_TRUE(rows);
    std::vector<std::string> lines;
    for (const auto& row : *rows)
        lines.push_back(row.names[0] + "/" + row.names[1] + " " +
                        std::to_string(row.sums.requests) + " " + row.sums.cost.json());
    EXPECT_THAT(lines, ::testing::ElementsAre("a/anna 3 1.8", "a/bert 1 0.6", "b/anna 1 0.6"));
}

/// A name that is a number, and numbers that are written alike in different columns.
TEST_F(SumsQuestion, NamesThatLookLikeNumbersStayApart)
{
    auto odd = record(nov_20, "1", "11");
    auto even = record(nov_20, "11", "1");
    write({odd, even});
    for (int round = 0; round < 2; ++round) {
        auto query = std::move(*Query::open(path_));
        SumsQuery question;
        question.by = {Dimension::end_user, Dimension::model};
        const auto rows = query->sums(question);
        ASSERT_TRUE(rows);
        ASSERT_EQ(rows->size(), 2U);
        EXPECT_THAT((*rows)[0].names, ::testing::ElementsAre("1", "11"));
        EXPECT_THAT((*rows)[1].names, ::testing::ElementsAre("11", "1"));
        roll_up();
    }
}

}  // namespace
}  // namespace spillway::ledger
