#include "spillway/admin/archive.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <thread>

#include "spillway/base/ids.hpp"
#include "spillway/ledger/store.hpp"

namespace spillway::admin {
namespace {

/// A ledger in a folder of its own and a shard on a thread of its own.
class ArchiveTest : public testing::Test {
protected:
    ArchiveTest()
        : folder_(std::filesystem::path(testing::TempDir()) /
                  ("spillway-archive-" + std::to_string(random_seed())))
    {
        std::filesystem::create_directories(folder_);
        config::Ledger settings;
        settings.path = path();
        store_ = std::move(*ledger::Store::open(settings));
        thread_ = std::thread([this] { shard_.run(); });
    }
    ~ArchiveTest() override
    {
        shard_.stop();
        thread_.join();
        store_.reset();
        std::filesystem::remove_all(folder_);
    }

    [[nodiscard]] std::string path() const { return (folder_ / "ledger.db").string(); }

    std::future<Result<std::string>> ask(Archive& archive, Archive::Question question)
    {
        auto promise = std::make_shared<std::promise<Result<std::string>>>();
        shard_.post([this, promise, &archive, question = std::move(question)] {
            net::spawn(relay(archive, question, promise));
        });
        return promise->get_future();
    }

    net::Task<void> relay(Archive& archive, Archive::Question question,
                          std::shared_ptr<std::promise<Result<std::string>>> promise)
    {
        auto answer = co_await archive.ask(shard_, std::move(question));
        promise->set_value(std::move(answer));
    }

    std::filesystem::path folder_;
    std::unique_ptr<ledger::Store> store_;
    net::Shard shard_;
    std::thread thread_;
};

TEST_F(ArchiveTest, AnswersFromTheLedger)
{
    Archive archive(path());
    const auto answer =
        ask(archive, [](ledger::Query& query) { return query.spend_logs({}); }).get();
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->front(), '[');
}

TEST_F(ArchiveTest, PassesAFailureOn)
{
    Archive archive(path());
    const auto answer = ask(archive, [](ledger::Query&) -> Result<std::string> {
                            return fail(Errc::internal, "no");
                        }).get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Errc::internal);
}

TEST_F(ArchiveTest, SaysWhenTheLedgerCannotBeOpened)
{
    Archive archive((folder_ / "missing" / "ledger.db").string());
    EXPECT_FALSE(ask(archive, [](ledger::Query& query) { return query.spend_logs({}); }).get());
}

TEST_F(ArchiveTest, RefusesWhenTooManyWait)
{
    Archive archive(path());
    std::promise<void> gate;
    const auto opened = gate.get_future().share();
    std::promise<void> busy;
    auto first = ask(archive, [&busy, opened](ledger::Query&) -> Result<std::string> {
        busy.set_value();
        opened.wait();
        return std::string("first");
    });
    busy.get_future().wait();  // The archive is at the first one; now fill its queue.
    std::vector<std::future<Result<std::string>>> waiting;
    for (std::size_t i = 0; i < Archive::most_waiting; ++i)
        waiting.push_back(ask(
            archive, [](ledger::Query&) -> Result<std::string> { return std::string("later"); }));
    const auto refused = ask(archive, [](ledger::Query&) -> Result<std::string> {
                             return std::string("too late");
                         }).get();
    gate.set_value();
    for (auto& one : waiting)
        EXPECT_TRUE(one.get());
    EXPECT_TRUE(first.get());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::overloaded);
}

}  // namespace
}  // namespace spillway::admin
