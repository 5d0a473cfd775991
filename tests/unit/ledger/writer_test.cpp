#include "spillway/ledger/writer.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

#include "ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using testing::places_of;

/// A store in a folder of its own, removed at the end.
class WriterTest : public ::testing::TestWithParam<config::Durability> {
protected:
    WriterTest()
        : folder_(std::filesystem::path(::testing::TempDir()) /
                  ("spillway-writer-" + std::to_string(random_seed())))
    {
        std::filesystem::create_directories(folder_);
        config::Ledger settings;
        settings.path = (folder_ / "ledger.db").string();
        settings.durability = GetParam();
        auto opened = Store::open(settings);
        EXPECT_TRUE(opened) << opened.error().message();
        store_ = std::move(*opened);
    }
    ~WriterTest() override
    {
        store_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::vector<SpendRecord> records(int count)
    {
        std::vector<SpendRecord> out;
        for (int i = 0; i < count; ++i) {
            SpendRecord record;
            record.id = ids_.next(WallTime{});
            record.call_type = "acompletion";
            out.push_back(std::move(record));
        }
        return out;
    }

    Result<void> commit(Writer& writer, const std::vector<SpendRecord>& batch)
    {
        std::promise<Result<void>> promise;
        auto committed = promise.get_future();
        writer.append(places_of(batch), [&](Result<void> result) { promise.set_value(result); });
        return committed.get();
    }

    std::filesystem::path folder_;
    std::unique_ptr<Store> store_;
    RequestIdMaker ids_{random_seed()};
};

TEST_P(WriterTest, CommitsABatch)
{
    Writer writer(*store_, GetParam());
    EXPECT_TRUE(commit(writer, records(3)));
}

TEST_P(WriterTest, IsHealthyFromTheStart)
{
    const Writer writer(*store_, GetParam());
    EXPECT_TRUE(writer.healthy());
}

TEST_P(WriterTest, CallsBackAfterACommittedBatch)
{
    int nudges = 0;
    {
        Writer writer(*store_, GetParam());
        writer.on_commit([&] { ++nudges; });
        (void)commit(writer, records(1));
    }
    EXPECT_EQ(nudges, 1);
}

TEST_P(WriterTest, AnswersEveryBatchThatWaitedWhenItIsDestroyed)
{
    std::atomic<int> answered{0};
    {
        Writer writer(*store_, GetParam());
        for (int i = 0; i < 50; ++i)
            writer.append(places_of(records(2)),
                          [&](const Result<void>& result) { answered += !!result; });
    }
    EXPECT_EQ(answered, 50);
}

TEST_P(WriterTest, TakesBatchesFromSeveralThreads)
{
    std::atomic<int> answered{0};
    std::vector<std::vector<SpendRecord>> batches;
    for (int i = 0; i < 4 * 20; ++i)
        batches.push_back(records(1));
    {
        Writer writer(*store_, GetParam());
        std::vector<std::jthread> shards;
        for (std::size_t shard = 0; shard < 4; ++shard) {
            shards.emplace_back([&, shard] {
                for (std::size_t i = 0; i < 20; ++i)
                    writer.append(places_of(batches[shard * 20 + i]),
                                  [&](const Result<void>& result) { answered += !!result; });
            });
        }
    }
    EXPECT_EQ(answered, 80);
}

TEST_P(WriterTest, WritesWhatWaitedForTheDisk)
{
    const auto waiting = records(3);
    std::vector<RequestId> late;
    {
        Writer writer(*store_, GetParam());
        writer.on_late_commit([&late](std::span<const SpendRecord> committed) {
            for (const auto& record : committed)
                late.push_back(record.id);
        });
        for (const auto& record : waiting)
            EXPECT_EQ(writer.defer(record), Writer::Deferred::waits);
        EXPECT_EQ(writer.waiting(), 3U);
        EXPECT_EQ(writer.lost(), 0U);
    }
    EXPECT_EQ(testing::value_of(store_->path(), "SELECT count(*) FROM records"), "3");
    EXPECT_EQ(late, (std::vector{waiting[0].id, waiting[1].id, waiting[2].id}));
}

TEST_P(WriterTest, WritesWhatWaitedAfterTheNextCommit)
{
    std::promise<void> kept;
    Writer writer(*store_, GetParam());
    EXPECT_EQ(writer.defer(records(1).front()), Writer::Deferred::waits);
    ASSERT_TRUE(commit(writer, records(1)));
    auto came = kept.get_future();
    writer.on_keep([&kept, done = false]() mutable {
        if (!std::exchange(done, true))
            kept.set_value();
        return false;
    });
    came.wait();
    EXPECT_EQ(writer.waiting(), 0U);
    EXPECT_EQ(testing::value_of(store_->path(), "SELECT count(*) FROM records"), "2");
}

TEST_P(WriterTest, CountsWhatFindsNoRoomToWait)
{
    Writer writer(*store_, GetParam());
    auto large = records(1).front();
    large.why.assign(30 << 20, 'x');
    EXPECT_EQ(writer.defer(large), Writer::Deferred::waits);
    EXPECT_EQ(writer.defer(large), Writer::Deferred::waits);
    EXPECT_EQ(writer.defer(large), Writer::Deferred::lost);
    EXPECT_EQ(writer.lost(), 1U);
}

TEST_P(WriterTest, CallsTheKeeperAgainWhileThereIsMore)
{
    std::promise<void> third;
    Writer writer(*store_, GetParam());
    auto came = third.get_future();
    writer.on_keep([&third, calls = 0]() mutable {
        if (++calls == 3)
            third.set_value();
        return calls < 3;
    });
    EXPECT_EQ(came.wait_for(std::chrono::seconds{20}), std::future_status::ready);
    writer.on_keep({});
}

INSTANTIATE_TEST_SUITE_P(Durabilities, WriterTest,
                         ::testing::Values(config::Durability::process, config::Durability::power),
                         [](const auto& instance) {
                             return instance.param == config::Durability::process
                                        ? std::string("Process")
                                        : std::string("Power");
                         });

}  // namespace
}  // namespace spillway::ledger
