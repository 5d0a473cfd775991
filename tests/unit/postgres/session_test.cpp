#include "spillway/postgres/session.hpp"

#include <gmock/gmock.h>

#include "server.hpp"
#include "spillway/base/event_descriptor.hpp"

namespace spillway::postgres {
namespace {

using testing::PostgresServer;

class SessionTest : public ::testing::Test {
protected:
    SessionTest()
    {
        auto& server = PostgresServer::shared();
        pq_ = *Library::load();
        url_ = *read_database_url(pq_, Secret{server.url(server.make_database())});
        session_.emplace(*Session::connect(pq_, url_, never_.descriptor()));
    }

    EventDescriptor never_;
    Library pq_;
    DatabaseUrl url_;
    std::optional<Session> session_;
};

TEST_F(SessionTest, AnswersWithRows)
{
    const auto rows = session_->rows(
        "SELECT n::text, CASE WHEN n = 2 THEN NULL ELSE $1 END FROM generate_series(1, 3) AS n",
        {"x"}, 3);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_THAT(*rows,
                ::testing::ElementsAre(Row{"1", "x"}, Row{"2", std::nullopt}, Row{"3", "x"}));
    EXPECT_TRUE(session_->rows("SELECT 1 WHERE false", {}, 0)->empty());
}

TEST_F(SessionTest, RefusesMoreRowsThanWereAskedFor)
{
    EXPECT_FALSE(session_->rows("SELECT generate_series(1, 3)", {}, 2));
    EXPECT_TRUE(session_->rows("SELECT 1", {}, 1));
}

TEST_F(SessionTest, SaysWhatTheServerSaid)
{
    const auto rows = session_->rows("SELECT nothing FROM nowhere", {}, 1);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().sqlstate, "42P01");
}

}  // namespace
}  // namespace spillway::postgres
