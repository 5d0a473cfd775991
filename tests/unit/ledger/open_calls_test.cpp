#include "spillway/ledger/open_calls.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using testing::Folder;
using testing::settings_for;
using testing::value_of;

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

CallNote note_of(std::uint64_t id, std::uint32_t attempt = 1)
{
    CallNote note;
    note.id = RequestId{0x019A'0000'0000'0000U, id};
    note.attempt = attempt;
    note.started = noon;
    note.charged_at = noon;
    note.amount = NanoUsd{1'000 * attempt};
    note.call_type = "acompletion";
    note.key_hash = "k1";
    note.team_id = "t1";
    note.user_id = "u1";
    note.end_user = "anna";
    note.tags = R"(["blue"])";
    note.asked_model = "smart";
    note.group = "cloud";
    note.deployment_id = "dep-1";
    note.provider = "openai";
    note.upstream_model = "gpt-4o";
    note.api_base = "https://api.example/v1";
    return note;
}

class OpenCallsTest : public ::testing::Test {
protected:
    std::unique_ptr<OpenCalls> open(std::size_t most = 1'000) const
    {
        auto calls = OpenCalls::open(path_, most, config::Durability::process);
        EXPECT_TRUE(calls) << calls.error().message();
        return calls ? std::move(*calls) : nullptr;
    }

    Folder folder_;
    std::string path_ = folder_.file("spillway.db");
};

TEST_F(OpenCallsTest, AreFoundAgainAsRecordsThatSayWhatWasReserved)
{
    (void)open()->note(note_of(7));
    const auto again = open();
    ASSERT_EQ(again->left().size(), 1U);
    const auto& record = again->left()[0];
    EXPECT_EQ(record.id, note_of(7).id);
    EXPECT_EQ(record.started, noon);
    EXPECT_EQ(record.charged_at, std::nullopt);
    EXPECT_EQ(record.charged, NanoUsd{1'000});
    EXPECT_EQ(record.cost, std::nullopt);
    EXPECT_TRUE(record.at_least);
    EXPECT_EQ(record.outcome, Outcome::broken);
    EXPECT_EQ(record.error, "interrupted");
    EXPECT_EQ(record.key_hash, "k1");
    EXPECT_EQ(record.team_id, "t1");
    EXPECT_EQ(record.user_id, "u1");
    EXPECT_EQ(record.end_user, "anna");
    EXPECT_EQ(record.tags, R"(["blue"])");
    EXPECT_EQ(record.group, "cloud");
    EXPECT_EQ(record.deployment_id, "dep-1");
    EXPECT_EQ(record.provider, "openai");
    EXPECT_EQ(record.api_base, "https://api.example/v1");
}

TEST_F(OpenCallsTest, AreForgottenWhenTheyAreCleared)
{
    {
        const auto calls = open();
        calls->clear(*calls->note(note_of(1)));
    }
    EXPECT_TRUE(open()->left().empty());
}

TEST_F(OpenCallsTest, OfOneRequestAreOneTheLaterAttempt)
{
    {
        const auto calls = open();
        (void)calls->note(note_of(1, 2));
        (void)calls->note(note_of(1, 1));
    }
    const auto again = open();
    ASSERT_EQ(again->left().size(), 1U);
    EXPECT_EQ(again->left()[0].charged, NanoUsd{2'000});
}

TEST_F(OpenCallsTest, StayUntilTheirRecordsAreWritten)
{
    (void)open()->note(note_of(1));
    {
        const auto second = open();
        for (std::uint64_t i = 2; i < 200; ++i)
            (void)second->note(note_of(i));
    }
    const auto third = open();
    EXPECT_EQ(third->left().size(), 199U);
    third->clear_left();
    EXPECT_TRUE(open()->left().empty());
}

TEST_F(OpenCallsTest, WhoseRecordsWaitStayUntilTheyAreWritten)
{
    auto calls = open(2);
    const auto slot = calls->note(note_of(7));
    ASSERT_TRUE(slot);
    calls->keep(*slot);
    ASSERT_TRUE(calls->note(note_of(8)));
    ASSERT_FALSE(calls->note(note_of(9))) << "its page is not free";
    std::vector<SpendRecord> late(1);
    late[0].id = RequestId{0x019A'0000'0000'0000U, 99};
    calls->recorded(late);
    ASSERT_FALSE(calls->note(note_of(9))) << "that was another one";
    late[0].id = note_of(7).id;
    calls->recorded(late);
    EXPECT_TRUE(calls->note(note_of(9)));
}

TEST_F(OpenCallsTest, BeyondTheirNumberAreRefused)
{
    const auto calls = open(2);
    const auto first = calls->note(note_of(1));
    (void)calls->note(note_of(2));
    const auto refused = calls->note(note_of(3));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::ledger_unavailable);
    calls->clear(*first);
    EXPECT_TRUE(calls->note(note_of(3)));
}

TEST_F(OpenCallsTest, WithMoreTagsThanAPageHoldsKeepWhoPays)
{
    const std::string tags = "[\"" + std::string(10'000, 'x') + "\"]";
    const std::string model(5'000, 'm');
    auto note = note_of(1);
    note.tags = tags;
    note.asked_model = model;
    (void)open()->note(note);
    const auto again = open();
    ASSERT_EQ(again->left().size(), 1U);
    EXPECT_EQ(again->left()[0].tags, R"(["spillway: too long"])");
    EXPECT_EQ(again->left()[0].end_user, "anna");
    EXPECT_FALSE(again->left()[0].asked_model.empty());
}

TEST_F(OpenCallsTest, OnATornPageAreNone)
{
    (void)open()->note(note_of(1));
    {
        std::fstream file(path_ + "-open", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4'096 + 100);
        file.put('~');
    }
    EXPECT_TRUE(open()->left().empty());
}

TEST_F(OpenCallsTest, InAFileOfAnotherKindAreRefused)
{
    std::ofstream(path_ + "-open") << "something else";
    const auto calls = OpenCalls::open(path_, 10, config::Durability::process);
    ASSERT_FALSE(calls);
    EXPECT_EQ(calls.error().code(), Errc::bad_config);
}

TEST_F(OpenCallsTest, AreSyncedWhenPowerMayFail)
{
    {
        const auto calls = OpenCalls::open(path_, 10, config::Durability::power);
        ASSERT_TRUE(calls);
        EXPECT_TRUE((*calls)->note(note_of(1)));
    }
    EXPECT_EQ(open()->left().size(), 1U);
}

TEST_F(OpenCallsTest, ThatFindNoRoomAreAnErrorAndNoSignal)
{
    const auto child = fork();
    if (child == 0) {
        // A limit on the size of files stands for a full disk.
        const rlimit limit{std::size_t{65} * 4'096, std::size_t{65} * 4'096};
        std::signal(SIGXFSZ, SIG_IGN);
        auto calls = OpenCalls::open(path_, 1'000, config::Durability::process);
        if (!calls || setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(2);
        for (std::uint64_t i = 0; i < 64; ++i)
            if (!(*calls)->note(note_of(i)))
                _exit(3);
        const auto refused = (*calls)->note(note_of(99));
        _exit(!refused && refused.error().code() == Errc::ledger_unavailable ? 0 : 4);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(OpenCallsTest, OfAKilledProcessBecomeOneRecordEach)
{
    const auto child = fork();
    if (child == 0) {
        auto calls = OpenCalls::open(path_, 100, config::Durability::process);
        for (std::uint64_t i = 1; i <= 3; ++i)
            (void)(*calls)->note(note_of(i));
        std::raise(SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));

    auto store = Store::open(settings_for(path_));
    ASSERT_TRUE(store);
    // One of them had its record, but was killed before its page was cleared.
    SpendRecord done;
    done.id = note_of(2).id;
    done.started = noon;
    const std::vector<const SpendRecord*> records{&done};
    ASSERT_TRUE((*store)->append(records));
    for (int start = 0; start < 2; ++start) {
        const auto recorded = record_left_calls(*open(), **store);
        ASSERT_TRUE(recorded);
        EXPECT_EQ(*recorded, start == 0 ? 2U : 0U);
    }
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM records"), "3");
    EXPECT_EQ(value_of(path_, "SELECT sum(charged_nano_usd) FROM records"), "2000");
}

}  // namespace
}  // namespace spillway::ledger
