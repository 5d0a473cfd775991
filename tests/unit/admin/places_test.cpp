#include "spillway/admin/places.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace spillway::admin {
namespace {

/// The page, or why there is none.
std::string at(Verb verb, std::string_view path, std::span<const Place> table = places())
{
    const auto found = find_page(verb, path, table);
    return found ? std::to_string(static_cast<int>(found->page))
                 : std::string(describe(found.error().code()).name);
}

std::string number(Page page)
{
    return std::to_string(static_cast<int>(page));
}

constexpr std::array own{
    Place{"/key/{}/regenerate", Verb::post, Page::health, Access::key_holder},
    Place{"/key/info", Verb::get, Page::metrics, Access::key_holder},
    Place{"/key/info", Verb::post, Page::models, Access::operator_only},
};

TEST(FindPage, KnowsAPathWithAndWithoutTheVersion)
{
    EXPECT_EQ(at(Verb::get, "/model/info"), number(Page::models));
    EXPECT_EQ(at(Verb::get, "/v1/model/info"), number(Page::models));
}

TEST(FindPage, KnowsBothSpellingsOfLiveness)
{
    EXPECT_EQ(at(Verb::get, "/health/liveliness"), number(Page::liveness));
    EXPECT_EQ(at(Verb::get, "/health/liveness"), number(Page::liveness));
}

TEST(FindPage, TakesASlashBehindThePath)
{
    EXPECT_EQ(at(Verb::get, "/metrics/"), number(Page::metrics));
}

TEST(FindPage, DoesNotDecodeAPathIntoOneOfOurs)
{
    EXPECT_EQ(at(Verb::get, "/%6detrics"), "unknown_url");
}

TEST(FindPage, DoesNotTakeTheVersionTwice)
{
    EXPECT_EQ(at(Verb::get, "/v1/v1/metrics"), "unknown_url");
}

TEST(FindPage, TellsTheMethodsOfOnePathApart)
{
    EXPECT_EQ(at(Verb::get, "/key/info", own), number(Page::metrics));
    EXPECT_EQ(at(Verb::post, "/key/info", own), number(Page::models));
}

TEST(FindPage, NamesTheMethodsThatAPathTakes)
{
    const auto found = find_page(Verb::delete_, "/key/info", own);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code(), Errc::method_not_allowed);
    EXPECT_NE(found.error().message().find("GET, HEAD, POST"), std::string::npos);
}

TEST(FindPage, GivesTheSegmentThatThePathNamesDecoded)
{
    const auto found = find_page(Verb::post, "/v1/key/sk-a%2Fb/regenerate", own);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->segment, "sk-a/b");
    EXPECT_EQ(found->access, Access::key_holder);
}

TEST(FindPage, WantsExactlyOneSegmentThere)
{
    EXPECT_EQ(at(Verb::post, "/key//regenerate", own), "unknown_url");
    EXPECT_EQ(at(Verb::post, "/key/regenerate", own), "unknown_url");
    EXPECT_EQ(at(Verb::post, "/key/a/b/regenerate", own), "unknown_url");
    EXPECT_EQ(at(Verb::post, "/key/a/regenerate/b", own), "unknown_url");
}

TEST(FindPage, RefusesASegmentWithAMalformedEscape)
{
    EXPECT_EQ(at(Verb::post, "/key/%zz/regenerate", own), "invalid_request");
}

TEST(AllowedMethods, AreThoseOfThePath)
{
    EXPECT_EQ(allowed_methods("/v1/key/info/", own), "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(allowed_methods("/metrics"), "GET, HEAD, OPTIONS");
}

TEST(IsPlace, LeavesTheGatewayWhatIsItsOwn)
{
    for (const auto* path :
         {"/v1/models", "/v1/chat/completions", "/v1/", "/", "", "/v1/v1/health"})
        EXPECT_FALSE(is_place(path)) << path;
    EXPECT_TRUE(is_place("/v1/health/"));
}

TEST(Places, AreOpenForLivenessAndReadinessOnly)
{
    for (const auto& place : places()) {
        const bool open = place.page == Page::liveness || place.page == Page::readiness;
        EXPECT_EQ(place.access == Access::anyone, open) << place.path;
    }
}

TEST(Places, AreEachThereOnce)
{
    std::set<std::pair<std::string_view, Verb>> seen;
    for (const auto& place : places())
        EXPECT_TRUE(seen.emplace(place.path, place.verb).second) << place.path;
}

}  // namespace
}  // namespace spillway::admin
