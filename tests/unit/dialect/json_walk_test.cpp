#include "spillway/dialect/json_walk.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace spillway::dialect {
namespace {

/// What the walker says about a whole text.
JsonFault fault_of(std::string_view text)
{
    JsonIndex index;
    const auto copy = index.copy(text);
    if (const auto fault = index.scan(copy); fault != JsonFault::none) {
        return fault;
    }
    JsonWalker json(copy, index.tokens());
    json.skip();
    json.finish();
    return json.fault();
}

bool is_json(std::string_view text)
{
    return fault_of(text) == JsonFault::none;
}

std::string nested(std::size_t depth)
{
    return std::string(depth, '[') + std::string(depth, ']');
}

class ValidText : public testing::TestWithParam<std::string> {};

TEST_P(ValidText, IsAccepted)
{
    EXPECT_TRUE(is_json(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Json, ValidText,
                         testing::Values("{}", "[]", "null", "true", "-0", "0", "1e999", "-1.5E-7",
                                         "\"\"", " [ 1 , 2 ] ", "{\"a\":{\"b\":[{},[]]}}",
                                         R"("\u00e9\n\"\\\/\b\f\r\t")", R"("\ud83d\ude00")",
                                         R"("\ud800")", "[[],{}]", "\"\xF0\x9F\x98\x80\"",
                                         "\t{\r\n\"a\" : \"b\" }\n", "\"tr\\u0075e\"", nested(64),
                                         "[\"a\" , \"b\"\n]"));

class BrokenText : public testing::TestWithParam<std::string> {};

TEST_P(BrokenText, IsRefused)
{
    EXPECT_FALSE(is_json(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Json, BrokenText,
    testing::Values("", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}", "{a:1}",
                    "[1 2]", "\"a\"\"b\"", "\"a\"b", "1\"a\"", "01", "+1", "1.", ".5", "-", "1e",
                    "1e+", "0x1", "NaN", "Infinity", "tru", "truee", "nul", "'a'", "[1]]", "[1",
                    "{\"a\":1]", "[1}", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a", "\"a\nb\"",
                    "\"\xFF\"", "\"\xC0\x80\"", "\xEF\xBB\xBF{}", "[1]//", "{} {}", "{,}", "[,1]",
                    ":", ",", "{\"a\":1 \"b\":2}", "{\"a\" 1}", "{1:2}", "[\"a\":1]", "tru\"e\"",
                    "\"\\\"", std::string("[1\0]", 4), std::string("\0", 1), "[\"\\ud8\"]", "-a",
                    "1a", "1.5.5", "--1", "[-]"));

TEST(JsonWalker, RefusesWhatIsDeeperThanItsLimit)
{
    EXPECT_EQ(fault_of(nested(65)), JsonFault::too_deep);
}

TEST(JsonWalker, RefusesADepthBombWithoutRecursion)
{
    EXPECT_EQ(fault_of(std::string(1'000'000, '[')), JsonFault::too_deep);
}

TEST(JsonWalker, NamesTheReasonAndThePlace)
{
    JsonIndex index;
    const auto text = index.copy(R"({"a": 1, "b": 01})");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    json.skip();
    EXPECT_EQ(json.fault(), JsonFault::bad_number);
    EXPECT_EQ(json.fault_offset(), 14U);
}

TEST(JsonWalker, HandsOutTheOffsetsOfValues)
{
    JsonIndex index;
    const auto text = index.copy(R"({ "a" : [1, 2] , "b" : "x" })");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    std::vector<std::string> values;
    json.object([&](const JsonKey&) {
        const auto begin = json.offset();
        json.skip();
        values.emplace_back(json.since(begin));
    });
    EXPECT_EQ(values, (std::vector<std::string>{"[1, 2]", "\"x\""}));
}

TEST(JsonWalker, SkipsWhatACallbackLeaves)
{
    JsonIndex index;
    const auto text = index.copy(R"({"a":{"deep":[1,{"x":null}]},"b":[[]],"c":7})");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    std::string keys;
    json.object([&](const JsonKey& key) { keys += key.text; });
    EXPECT_TRUE(json.finish());
    EXPECT_EQ(keys, "abc");
}

TEST(JsonWalker, UnescapesKeys)
{
    JsonIndex index;
    const auto text = index.copy(R"({"mod\u0065l":1})");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    std::string name;
    json.object([&](const JsonKey& key) { name = key.text; });
    EXPECT_EQ(name, "model");
}

TEST(JsonWalker, CountsTheBytesOfAStringOnceUnescaped)
{
    JsonIndex index;
    const auto text = index.copy(R"("\u4f60\ud83d\ude00\n\u00e9x")");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    const auto string = json.string();
    ASSERT_TRUE(string);
    EXPECT_EQ(string->decoded_size, 3U + 4U + 1U + 2U + 1U);
    EXPECT_EQ(string->text(), "\xE4\xBD\xA0\xF0\x9F\x98\x80\n\xC3\xA9x");
}

TEST(JsonWalker, ReadsNumbersOfPlainDigits)
{
    JsonIndex index;
    const auto text = index.copy("[0, 7,12 ,123456789012345678]");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    std::vector<std::int64_t> values;
    json.array([&] {
        if (const auto value = json.plain_number()) {
            values.push_back(*value);
        }
    });
    EXPECT_TRUE(json.finish());
    // A blank behind it is left to `number`.
    EXPECT_EQ(values, (std::vector<std::int64_t>{0, 7, 123456789012345678}));
}

TEST(JsonWalker, LeavesWhatIsNoPlainNumber)
{
    for (const auto* value :
         {"01", "00", "1.0", "1e2", "-1", "1234567890123456789", "\"1\"", "1a", "null", "[1]"}) {
        JsonIndex index;
        const auto text = index.copy(value);
        ASSERT_EQ(index.scan(text), JsonFault::none);
        JsonWalker json(text, index.tokens());
        EXPECT_FALSE(json.plain_number()) << value;
        EXPECT_EQ(json.offset(), 0U) << value;
        EXPECT_TRUE(json.ok()) << value;
    }
}

TEST(JsonWalker, ReadsNoDigitsBehindTheText)
{
    const std::string digits(80, '7');
    JsonIndex index;
    const auto text = std::string_view(digits).substr(0, 3);
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    EXPECT_FALSE(json.plain_number());
    EXPECT_EQ(json.number(), "777");
}

TEST(JsonWalker, TakesKeysHoweverTheyAreWritten)
{
    JsonIndex index;
    const auto text = index.copy("{\"\":1,\"a\" :2,\"b\"\n:3,\"c\\n\":4,\"\\\"\":5,\"d:\":6}");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    std::vector<std::string> keys;
    json.object([&](const JsonKey& key) { keys.emplace_back(key.text); });
    EXPECT_TRUE(json.finish());
    EXPECT_EQ(keys, (std::vector<std::string>{"", "a", "b", "c\n", "\"", "d:"}));
}

TEST(JsonWalker, AfterAFaultNothingMoreIsRead)
{
    JsonIndex index;
    const auto text = index.copy("[1,x,3]");
    ASSERT_EQ(index.scan(text), JsonFault::none);
    JsonWalker json(text, index.tokens());
    json.array([] {});
    EXPECT_FALSE(json.skip());
    EXPECT_FALSE(json.string());
    EXPECT_EQ(json.peek(), '\0');
}

TEST(JsonIndex, GivesScratchMemoryBackAndStillWorks)
{
    JsonIndex index;
    const auto large = index.copy("[\"" + std::string(3'000'000, 'x') + "\"]");
    EXPECT_EQ(index.scan(large), JsonFault::none);
    index.shrink();
    const auto small = index.copy("[1]");
    EXPECT_EQ(index.scan(small), JsonFault::none);
    EXPECT_EQ(index.tokens().size(), 3U);
}

TEST(WholeNumber, TakesWholeNumbersOnly)
{
    EXPECT_EQ(whole_number("12"), 12);
    EXPECT_EQ(whole_number("-3"), -3);
    EXPECT_EQ(whole_number("12.00"), 12);
    EXPECT_EQ(whole_number("12.5"), std::nullopt);
    EXPECT_EQ(whole_number("1e3"), std::nullopt);
    EXPECT_EQ(whole_number("9223372036854775808"), std::nullopt);
}

/// Texts near valid JSON: the verdict must be that of another parser.
class MutatedText : public testing::TestWithParam<int> {};

TEST_P(MutatedText, IsJudgedAsNlohmannJudgesIt)
{
    const std::string seed =
        R"({"model":"m","messages":[{"role":"user","content":"h\u00e9\n"}],"n":-1.5e3,"b":[true,null,false],"s":"\"x\\"})";
    constexpr std::string_view bytes = "{}[]:,\"\\ \ntfn-01e.+uaE";
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    for (int round = 0; round < 400; ++round) {
        auto text = seed;
        for (auto changes = random() % 3 + 1; changes > 0; --changes) {
            const auto at = random() % text.size();
            const auto byte = bytes[random() % bytes.size()];
            switch (random() % 3) {
                case 0:
                    text[at] = byte;
                    break;
                case 1:
                    text.erase(at, 1);
                    break;
                default:
                    text.insert(at, 1, byte);
                    break;
            }
        }
        // It differs from us by design in one thing: a lone surrogate is no error here.
        EXPECT_EQ(is_json(text), nlohmann::json::accept(text)) << text;
    }
}

INSTANTIATE_TEST_SUITE_P(Json, MutatedText, testing::Range(0, 20));

}  // namespace
}  // namespace spillway::dialect
