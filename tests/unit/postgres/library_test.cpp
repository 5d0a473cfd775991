#include "spillway/postgres/library.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::postgres {
namespace {

using ::testing::HasSubstr;

TEST(PostgresLibrary, FindsEveryFunctionInTheInstalledLibpq)
{
    const auto pq = Library::load();
    ASSERT_TRUE(pq) << pq.error().message();
    EXPECT_EQ(pq->status(nullptr), CONNECTION_BAD);
}

TEST(PostgresLibrary, NamesThePackageWhenTheLibraryIsMissing)
{
    const auto pq = Library::load("libspillway-has-no-such-library.so.5");
    ASSERT_FALSE(pq);
    EXPECT_EQ(pq.error().code(), Errc::database_unavailable);
    EXPECT_THAT(pq.error().message(), HasSubstr("package libpq5"));
}

TEST(PostgresLibrary, NamesTheFunctionThatALibraryLacks)
{
    const auto pq = Library::load("libc.so.6");
    ASSERT_FALSE(pq);
    EXPECT_EQ(pq.error().code(), Errc::database_unavailable);
    EXPECT_THAT(pq.error().message(), HasSubstr("PQconninfoParse"));
}

}  // namespace
}  // namespace spillway::postgres
