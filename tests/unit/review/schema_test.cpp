#include "spillway/review/schema.hpp"

#include <gtest/gtest.h>

namespace spillway::review {
namespace {

struct Row {
    const char* schema;
    const char* value;
    bool holds;
};

class Schemas : public ::testing::TestWithParam<Row> {};

TEST_P(Schemas, HoldOrDoNot)
{
    EXPECT_EQ(satisfies(GetParam().value, GetParam().schema), GetParam().holds)
        << GetParam().value << " by " << GetParam().schema;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Schemas,
    ::testing::Values(
        Row{"true", "{", false}, Row{"true", "1", true}, Row{"false", "1", false},
        Row{"{", "1", true}, Row{R"({"type":"object"})", "[]", false},
        Row{R"({"type":["string","null"]})", "null", true},
        Row{R"({"type":["string","null"]})", "1", false}, Row{R"({"type":"integer"})", "2.0", true},
        Row{R"({"type":"integer"})", "2.5", false},
        Row{R"({"required":["a"]})", R"({"b":1})", false},
        Row{R"({"properties":{"a":{"type":"string"}}})", R"({"a":1})", false},
        Row{R"({"properties":{"a":{}},"additionalProperties":false})", R"({"a":1,"b":2})", false},
        Row{R"({"additionalProperties":{"type":"number"}})", R"({"b":2})", true},
        Row{R"({"enum":["x","y"]})", R"("z")", false}, Row{R"({"const":3})", "3", true},
        Row{R"({"items":{"type":"number"}})", R"([1,"2"])", false},
        Row{R"({"prefixItems":[{"type":"string"}],"items":{"type":"number"}})", R"(["a",1])", true},
        Row{R"({"anyOf":[{"type":"string"},{"type":"null"}]})", "1", false},
        Row{R"({"oneOf":[{"type":"number"},{"minimum":0}]})", "1", false},
        Row{R"({"allOf":[{"minimum":0},{"maximum":2}]})", "3", false},
        Row{R"({"not":{"type":"string"}})", R"("a")", false},
        Row{R"({"minLength":2})", R"("ü")", false}, Row{R"({"maxItems":1})", "[1,2]", false},
        Row{R"({"exclusiveMinimum":0})", "0", false},
        Row{R"({"$ref":"#/$defs/n","$defs":{"n":{"type":"number"}}})", R"("x")", false},
        Row{R"({"$ref":"#/$defs/absent"})", "1", true},
        Row{R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})", R"({"v":1,"next":{"w":2}})",
            false},
        Row{R"({"pattern":"[","format":"date","unknown":1})", "1", true}));

TEST(Schema, ThatRefersToItselfInACircleEnds)
{
    EXPECT_TRUE(satisfies("1", R"({"$ref":"#"})"));
}

}  // namespace
}  // namespace spillway::review
