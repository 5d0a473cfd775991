#include "spillway/gateway/read_request.hpp"

#include <gmock/gmock.h>

#include <string>

namespace spillway::gateway {
namespace {

using testing::ElementsAre;

TEST(HeaderTags, JoinThoseOfTheBodyOnce)
{
    chat::RequestFacts facts;
    facts.tags = {"red"};
    ASSERT_TRUE(take_header_tags(" blue, red,,team:x , blue,", facts));
    EXPECT_THAT(facts.tags, ElementsAre("red", "blue", "team:x"));
    ASSERT_TRUE(take_header_tags("", facts));
    EXPECT_EQ(facts.tags.size(), 3U);
}

TEST(HeaderTags, AreBoundedInNumberAndLength)
{
    chat::RequestFacts facts;
    EXPECT_TRUE(take_header_tags(std::string(longest_header_tag, 'a'), facts));
    const auto longer = take_header_tags(std::string(longest_header_tag + 1, 'a'), facts);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().param(), tags_header);
    std::string many;
    for (std::size_t i = 0; i < most_header_tags; ++i)
        many += "t" + std::to_string(i) + ",";
    EXPECT_TRUE(take_header_tags(many, facts));
    EXPECT_FALSE(take_header_tags(many + "one-more", facts));
}

TEST(HeaderTags, AreThoseOfAllLines)
{
    net::Fields fields;
    EXPECT_TRUE(fields.add({"x-litellm-tags", "a,b"}));
    EXPECT_TRUE(fields.add({"x-other", "z"}));
    EXPECT_TRUE(fields.add({"X-LiteLLM-Tags", ""}));
    EXPECT_TRUE(fields.add({"X-LiteLLM-Tags", "b, c"}));
    chat::RequestFacts facts;
    ASSERT_TRUE(take_header_tags(fields, facts));
    EXPECT_EQ(facts.tags, (std::vector<std::string>{"a", "b", "c"}));
    std::string many;
    for (std::size_t i = 0; i < most_header_tags; ++i)
        many += "tag,";
    EXPECT_TRUE(fields.add({"x-litellm-tags", many}));
    EXPECT_FALSE(take_header_tags(fields, facts)) << "more than the bound, taken together";
}

}  // namespace
}  // namespace spillway::gateway
