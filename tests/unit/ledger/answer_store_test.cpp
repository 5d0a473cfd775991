#include "spillway/ledger/answer_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>

#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using namespace std::chrono_literals;

class SetClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return wall_; }
    WallTime wall_{std::chrono::hours{490'000}};
};

class AnswerStoreTest : public ::testing::Test {
protected:
    std::unique_ptr<AnswerStore> open()
    {
        auto store = AnswerStore::open(path_, 24h, clock_);
        return store ? std::move(*store) : nullptr;
    }
    static chat::KeptAnswerPtr answer(std::string body)
    {
        auto made = std::make_shared<chat::KeptAnswer>();
        made->form = chat::KeptAnswer::Form::stream;
        made->status = 201;
        made->headers = "content-type: text/event-stream\r\n";
        made->body = std::move(body);
        made->call_id = "01ID";
        made->group = "g";
        made->deployment_id = "d";
        made->provider = "openai";
        made->upstream_model = "m";
        return made;
    }
    void keep(AnswerStore& store, const std::string& key, const std::string& body)
    {
        std::promise<void> written;
        store.keep(key, "request", answer(body), clock_.wall(), [&] { written.set_value(); });
        ASSERT_EQ(written.get_future().wait_for(10s), std::future_status::ready);
    }
    static chat::KeptAnswerPtr fetch(AnswerStore& store, const std::string& key)
    {
        std::promise<chat::KeptAnswerPtr> got;
        store.fetch(key, [&](chat::KeptAnswerPtr found) { got.set_value(std::move(found)); });
        return got.get_future().get();
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("spillway.answers.db");
    SetClock clock_;
};

TEST_F(AnswerStoreTest, MakesNoFileBeforeThereIsAnAnswer)
{
    open().reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(AnswerStoreTest, GivesAnAnswerBackAsItWas)
{
    const auto store = open();
    const std::string body("data: \0 {}\n\n", 12);
    keep(*store, "k", body);
    const auto found = fetch(*store, "k");
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, *answer(body));
    EXPECT_EQ(fetch(*store, "other"), nullptr);
}

TEST_F(AnswerStoreTest, KeepsItsFileToItself)
{
    keep(*open(), "k", "x");
    struct stat file{};
    ASSERT_EQ(::stat(path_.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777U, 0600U);
}

TEST_F(AnswerStoreTest, FindsItsAnswersAgain)
{
    keep(*open(), "k", "body");
    const auto store = open();
    ASSERT_EQ(store->found().size(), 1U);
    EXPECT_EQ(store->found()[0].key, "k");
    EXPECT_EQ(store->found()[0].request, "request");
    EXPECT_EQ(store->found()[0].since, clock_.wall());
    EXPECT_EQ(store->found()[0].bytes, answer("body")->bytes());
    EXPECT_EQ(fetch(*store, "k")->body, "body");
}

TEST_F(AnswerStoreTest, DeletesWhatIsTooOldWhenItIsOpened)
{
    keep(*open(), "k", "body");
    clock_.wall_ += 24h;
    const auto store = open();
    EXPECT_TRUE(store->found().empty());
    EXPECT_EQ(fetch(*store, "k"), nullptr);
}

TEST_F(AnswerStoreTest, DropsWhatIsNotKeptAnyLonger)
{
    const auto store = open();
    keep(*store, "k", "body");
    store->drop({"k"});
    EXPECT_EQ(fetch(*store, "k"), nullptr);
}

TEST_F(AnswerStoreTest, LeavesNoTextOfADroppedAnswerInItsFile)
{
    const std::string secret(64, 's');
    {
        const auto store = open();
        keep(*store, "k", secret);
        store->drop({"k"});
    }
    std::ifstream file(path_, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(bytes.find(secret), std::string::npos);
}

TEST_F(AnswerStoreTest, MovesADamagedFileAsideAndGoesOn)
{
    std::ofstream(path_) << std::string(8'192, 'x');
    const auto store = open();
    ASSERT_TRUE(store);
    EXPECT_TRUE(store->found().empty());
    EXPECT_EQ(folder_.entries_with(".corrupt-"), 1);
    keep(*store, "k", "body");
    EXPECT_EQ(fetch(*store, "k")->body, "body");
}

TEST_F(AnswerStoreTest, AnswersThatItHasNothingWhenItCannotBeWritten)
{
    path_ = folder_.file("missing/spillway.answers.db");
    const auto store = open();
    ASSERT_TRUE(store);
    store->keep("k", "request", answer("x"), clock_.wall(), [] { FAIL() << "nothing is written"; });
    EXPECT_EQ(fetch(*store, "k"), nullptr);
}

TEST(AnswersPath, LiesBesideTheLedger)
{
    EXPECT_EQ(answers_path("/var/lib/spillway.db"), "/var/lib/spillway.answers.db");
    EXPECT_EQ(answers_path("spillway.db"), "spillway.answers.db");
}

}  // namespace
}  // namespace spillway::ledger
