#include "json.hpp"

#include <gtest/gtest.h>

namespace spillway::admin {
namespace {

std::string outcome(std::string_view body)
{
    const auto read = read_object(body);
    return read ? read->dump() : std::string(describe(read.error().code()).name);
}

std::string nested(std::size_t depth)
{
    return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

TEST(ReadObject, TakesAnObject)
{
    EXPECT_EQ(outcome(R"( {"b": 1, "a": [2]} )"), R"({"b":1,"a":[2]})");
}

TEST(ReadObject, TakesNoBodyForAnObjectWithoutMembers)
{
    EXPECT_EQ(outcome(""), "{}");
    EXPECT_EQ(outcome(" \n"), "{}");
}

TEST(ReadObject, RefusesWhatIsNoObject)
{
    EXPECT_EQ(outcome("[1]"), "invalid_request");
    EXPECT_EQ(outcome("null"), "invalid_request");
}

TEST(ReadObject, RefusesWhatIsNoJson)
{
    for (const auto* body : {"{", R"({"a": NaN})", R"({"a": 1e999})", R"({"a": "\xff"})", "{} {}"})
        EXPECT_EQ(outcome(body), "invalid_json") << body;
}

TEST(ReadObject, RefusesAKeyTwiceInOneObject)
{
    EXPECT_EQ(outcome(R"({"a": 1, "a": 2})"), "duplicate_key");
    EXPECT_EQ(outcome(R"({"o": {"a": 1, "b": {}, "a": 2}})"), "duplicate_key");
    EXPECT_EQ(outcome(R"({"o": {"a": 1}, "a": 2})"), R"({"o":{"a":1},"a":2})");
}

TEST(ReadObject, RefusesWhatIsNestedTooDeeply)
{
    EXPECT_EQ(outcome(nested(31)), nested(31));
    EXPECT_EQ(outcome(nested(32)), "invalid_json");
    EXPECT_EQ(outcome(nested(100'000)), "invalid_json");
}

}  // namespace
}  // namespace spillway::admin
