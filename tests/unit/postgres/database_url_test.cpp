#include "spillway/postgres/database_url.hpp"

#include <gtest/gtest.h>

#include "spillway/postgres/library.hpp"

namespace spillway::postgres {
namespace {

Result<DatabaseUrl> read(const Secret& text)
{
    return Library::load().and_then(
        [&text](const Library& pq) { return read_database_url(pq, text); });
}

std::string parameter(const DatabaseUrl& url, const std::string& keyword)
{
    for (const auto& [name, value] : url.parameters) {
        if (name == keyword) {
            return value;
        }
    }
    return "(none)";
}

TEST(DatabaseUrl, ReadsAUri)
{
    const auto url = read(Secret{"postgresql://anna:p%40ss@db.example:6432/spend"});
    ASSERT_TRUE(url);
    EXPECT_EQ(parameter(*url, "user"), "anna");
    EXPECT_EQ(parameter(*url, "password"), "p@ss");
    EXPECT_EQ(parameter(*url, "host"), "db.example");
    EXPECT_EQ(parameter(*url, "port"), "6432");
    EXPECT_EQ(url->place, "db.example:6432/spend");
}

TEST(DatabaseUrl, ReadsKeywords)
{
    const auto url = read(Secret{"host=/run/db user=anna dbname=spend"});
    ASSERT_TRUE(url);
    EXPECT_EQ(parameter(*url, "host"), "/run/db");
}

TEST(DatabaseUrl, LeavesOutWhatOnlyPrismaKnows)
{
    const auto url = read(Secret{
        "postgresql://a@h/d?connection_limit=10&pool_timeout=60&sslmode=require&pgbouncer=1"});
    ASSERT_TRUE(url);
    EXPECT_EQ(parameter(*url, "sslmode"), "require");
    EXPECT_EQ(parameter(*url, "pgbouncer"), "(none)");
}

TEST(DatabaseUrl, TakesPrismasSchemaAsSearchPath)
{
    const auto url = read(Secret{"postgres://a@h/d?schema=my%20proxy"});
    ASSERT_TRUE(url);
    EXPECT_EQ(url->search_path, "my proxy");
}

TEST(DatabaseUrl, VerifiesCertificatesWherePrismaWould)
{
    const auto url = read(Secret{"postgres://a@h/d?sslmode=require&sslaccept=strict"});
    ASSERT_TRUE(url);
    EXPECT_EQ(parameter(*url, "sslmode"), "verify-full");
}

TEST(DatabaseUrl, BoundsTheConnectionUnlessToldOtherwise)
{
    const auto url = read(Secret{"postgres://a@h/d?keepalives_idle=7"});
    ASSERT_TRUE(url);
    EXPECT_EQ(parameter(*url, "keepalives_idle"), "7");
    EXPECT_EQ(parameter(*url, "tcp_user_timeout"), "30000");
}

TEST(DatabaseUrl, QuotesNothingOfATextItCannotRead)
{
    const auto url = read(Secret{"postgresql://anna:s3cr%zzet@host/db"});
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().code(), Errc::bad_config);
    EXPECT_EQ(url.error().message().find("s3cr"), std::string::npos);
}

TEST(DatabaseUrl, TakesThePasswordOutOfMessages)
{
    const auto url = read(Secret{"postgresql://anna:hunter2@host/db"});
    ASSERT_TRUE(url);
    EXPECT_EQ(url->without_secrets("FATAL: \"hunter2\" and\nhunter2 again\n"),
              "FATAL: \"[secret]\" and [secret] again");
}

}  // namespace
}  // namespace spillway::postgres
