#include "spillway/config/yaml_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Parsed {
    std::optional<Node> root;
    std::vector<std::string> problems;
};

Parsed parse(std::string_view text, const YamlLimits& limits = {})
{
    Findings findings;
    Parsed parsed;
    parsed.root = parse_yaml(text, findings.add_file("f"), findings, limits);
    for (const auto& problem : findings.problems())
        parsed.problems.push_back(problem.where + ": " + problem.message);
    return parsed;
}

std::string json_of(std::string_view yaml)
{
    const auto parsed = parse(yaml);
    return parsed.root ? to_json(*parsed.root) : "unreadable";
}

TEST(YamlTree, CountsLinesAndColumnsFromOne)
{
    const auto parsed = parse("a: 1\nb:\n  c: 2\n");
    ASSERT_TRUE(parsed.root);
    const auto* c = parsed.root->find("b")->find("c");
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->at.line, 3u);
    EXPECT_EQ(c->at.column, 6u);
}

TEST(YamlTree, ReportsAKeyThatIsWrittenTwice)
{
    EXPECT_THAT(parse("a: 1\nb: 2\na: 3\n").problems,
                ElementsAre("f:3:1: the key \"a\" is written twice; the first is in line 1"));
}

TEST(YamlTree, ExpandsAliases)
{
    EXPECT_EQ(json_of("a: &x {k: 1}\nb: *x\n"), R"({"a":{"k":1},"b":{"k":1}})");
}

TEST(YamlTree, MergesMapsAndKeepsTheMapsOwnValues)
{
    EXPECT_EQ(json_of("base: &b {k: 1, l: 2}\nuse: {<<: *b, l: 3}\n"),
              R"({"base":{"k":1,"l":2},"use":{"l":3,"k":1}})");
}

TEST(YamlTree, MergesAListOfMapsFirstOneFirst)
{
    EXPECT_EQ(json_of("use:\n  <<: [{k: 1}, {k: 2, l: 2}]\n"), R"({"use":{"k":1,"l":2}})");
}

TEST(YamlTree, RefusesToMergeWhatIsNoMap)
{
    EXPECT_THAT(parse("a:\n  <<: 3\n").problems,
                ElementsAre("f:2:3: \"<<\" merges maps; this is a number"));
}

TEST(YamlTree, RefusesAnAliasInsideItsOwnValue)
{
    const auto parsed = parse("a: &x [*x]\n");
    EXPECT_FALSE(parsed.root);
    EXPECT_THAT(parsed.problems, ElementsAre("f:1:8: an alias stands inside the value it names"));
}

TEST(YamlTree, RefusesMoreCopiesThanTheLimitBeforeMakingThem)
{
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 9; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j)
            bomb += (j == 0 ? "" : ",") + before;
        bomb += "]\n";
    }
    const auto parsed = parse(bomb);
    EXPECT_FALSE(parsed.root);
    EXPECT_THAT(parsed.problems,
                ElementsAre(HasSubstr("aliases expand to more than 10000 values")));
}

TEST(YamlTree, RefusesToNestDeeperThanTheLimit)
{
    EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')).root);
    const auto parsed = parse(std::string(65, '[') + std::string(65, ']'));
    EXPECT_FALSE(parsed.root);
    EXPECT_THAT(parsed.problems, ElementsAre("f:1:65: nested deeper than 64 levels"));
}

TEST(YamlTree, CountsTheDepthOfAliases)
{
    std::string text = "a: &a " + std::string(40, '[') + std::string(40, ']') +
                       "\nb: " + std::string(30, '[') + "*a" + std::string(30, ']');
    EXPECT_THAT(parse(text).problems, ElementsAre(HasSubstr("nested deeper than 64 levels")));
}

TEST(YamlTree, RefusesBracketsWithoutEndBeforeTheyFillTheMemory)
{
    EXPECT_THAT(parse(std::string(900'000, '[')).problems,
                ElementsAre("f:1:1025: nested deeper than 64 levels"));
    EXPECT_THAT(parse(std::string(900'000, '{')).problems,
                ElementsAre("f:1:1025: nested deeper than 64 levels"));
}

TEST(YamlTree, RefusesALongFlowListBeforeItFillsTheMemory)
{
    std::string text = "[";
    while (text.size() < 900'000)
        text += "a,";
    EXPECT_THAT(parse(text).problems,
                ElementsAre("f:1:200001: more than 50000 values in one file"));
}

TEST(YamlTree, RefusesMoreValuesThanTheLimit)
{
    YamlLimits limits;
    limits.nodes = 10;
    EXPECT_FALSE(parse("[1,2,3,4,5,6,7,8,9,10]", limits).root);
    EXPECT_TRUE(parse("[1,2,3,4,5,6,7,8,9]", limits).root);
}

TEST(YamlTree, RefusesAFileOverTheLimit)
{
    EXPECT_THAT(parse(std::string(1024 * 1024 + 1, ' ')).problems,
                ElementsAre("f: larger than 1048576 bytes"));
}

TEST(YamlTree, RefusesControlCharacters)
{
    EXPECT_THAT(parse("a: 1\nb: \x04 2\n").problems,
                ElementsAre("f:2:4: a control character; the file must be UTF-8 text"));
    EXPECT_FALSE(parse(std::string_view("a: \0", 4)).root);
}

TEST(YamlTree, RefusesASecondDocument)
{
    EXPECT_THAT(parse("a: 1\n---\nb: 2\n").problems,
                ElementsAre(HasSubstr("a second document begins; one file is one document")));
}

TEST(YamlTree, RefusesKeysThatAreNotText)
{
    EXPECT_THAT(parse("? [a]\n: 1\n").problems,
                ElementsAre(HasSubstr("a key must be text, not a list or a map")));
    EXPECT_THAT(parse("a: &x k\n*x : 1\n").problems,
                ElementsAre(HasSubstr("a key must be text, not an alias")));
}

TEST(YamlTree, ReportsASyntaxErrorWithItsPlace)
{
    EXPECT_THAT(parse("a: [1\nb: 2\n").problems, ElementsAre(testing::StartsWith("f:2:")));
}

TEST(YamlTree, TakesAnEmptyFileForNull)
{
    const auto parsed = parse("# nothing\n");
    ASSERT_TRUE(parsed.root);
    EXPECT_TRUE(parsed.root->is_null());
    EXPECT_THAT(parsed.problems, IsEmpty());
}

struct JsonCase {
    const char* name;
    const char* yaml;
    const char* json;
};
class YamlToJson : public testing::TestWithParam<JsonCase> {};

TEST_P(YamlToJson, WritesTheValueAsJson)
{
    EXPECT_EQ(json_of(std::string("[") + GetParam().yaml + "]"),
              std::string("[") + GetParam().json + "]");
}

INSTANTIATE_TEST_SUITE_P(
    Values, YamlToJson,
    testing::Values(JsonCase{"Integer", "42", "42"}, JsonCase{"Negative", "-1", "-1"},
                    JsonCase{"Plus", "+7", "7"}, JsonCase{"Fraction", "0.70", "0.70"},
                    JsonCase{"NoWhole", ".5", "0.5"}, JsonCase{"MinusNoWhole", "-.5", "-0.5"},
                    JsonCase{"NoFraction", "1.", "1.0"},
                    JsonCase{"PointThenExponent", "1.e3", "1.0e3"},
                    JsonCase{"Exponent", "1e-7", "1e-7"}, JsonCase{"LeadingZero", "007", "\"007\""},
                    JsonCase{"Yes", "yes", "true"}, JsonCase{"Off", "Off", "false"},
                    JsonCase{"QuotedTrue", "'true'", "\"true\""},
                    JsonCase{"QuotedNumber", "\"5\"", "\"5\""}, JsonCase{"Null", "~", "null"},
                    JsonCase{"Duration", "5m", "\"5m\""}, JsonCase{"Infinity", ".inf", "\".inf\""},
                    JsonCase{"Escapes", "\"a\\\"b\\n\"", "\"a\\\"b\\n\""},
                    JsonCase{"Nested", "{a: [1, {b: c}]}", R"({"a":[1,{"b":"c"}]})"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace spillway::config
