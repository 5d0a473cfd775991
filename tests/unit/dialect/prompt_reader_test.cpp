#include "spillway/dialect/prompt_reader.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/dialect/padded.hpp"

namespace spillway::dialect {
namespace {

using chat::Speaker;
using testing::ElementsAre;
using testing::IsEmpty;

/// What a body says, in its order; nobody's pieces are in `raw`.
struct Heard {
    std::vector<std::string> words;
    std::vector<std::string> raw;
    std::string last_user;
    std::string system;
    std::uint32_t user_turns = 0;
    std::uint32_t turns = 0;
    std::uint32_t tool_results = 0;
    std::uint32_t images = 0;
    std::uint32_t files = 0;
    std::uint32_t token_ids = 0;
    std::uint32_t largest_input = 0;
    bool json = false;
    bool schema = false;
};

Heard hear(std::string_view body)
{
    const Padded padded(body);
    PromptReader reader;
    const auto& prompt = reader.read(padded.view());
    Heard heard;
    for (const auto& piece : prompt.pieces)
        (piece.speaker == Speaker::nobody ? heard.raw : heard.words).emplace_back(piece.text);
    heard.last_user = prompt.last_user;
    heard.system = prompt.system;
    heard.user_turns = prompt.user_turns;
    heard.turns = prompt.turns;
    heard.tool_results = prompt.tool_results;
    heard.images = prompt.images;
    heard.files = prompt.files;
    heard.token_ids = prompt.token_ids;
    heard.largest_input = prompt.largest_input;
    heard.json = prompt.json;
    heard.schema = prompt.schema;
    return heard;
}

TEST(PromptReader, TellsWhoSpeaksInAChat)
{
    const auto heard = hear(R"({"model":"m","temperature":0.7,"max_tokens":4096,"messages":[
        {"role":"system","content":"be brief"},{"role":"user","content":"one"},
        {"role":"assistant","content":"two"},{"role":"user","content":"thr\u0065e"}]})");
    EXPECT_THAT(heard.words, ElementsAre("be brief", "one", "two", "three"));
    EXPECT_THAT(heard.raw, IsEmpty()) << "the protocol's own words";
    EXPECT_EQ(heard.last_user, "three");
    EXPECT_EQ(heard.system, "be brief");
    EXPECT_EQ(heard.user_turns, 2U);
    EXPECT_EQ(heard.turns, 3U);
}

TEST(PromptReader, PutsNothingBetweenThePartsOfAMessage)
{
    const auto heard = hear(R"({"model":"m","messages":[{"role":"user","content":[
        {"type":"text","text":"4111 1111","cache_control":{"type":"ephemeral"}},
        {"type":"text","text":" 1111 1111"}]}]})");
    EXPECT_THAT(heard.words, ElementsAre("4111 1111", " 1111 1111"));
    EXPECT_EQ(heard.last_user, "4111 1111\n 1111 1111");
}

TEST(PromptReader, KeepsNumbersAndKeysOfWhatAToolIsGiven)
{
    const auto heard = hear(R"({"model":"m","messages":[{"role":"assistant","content":[
        {"type":"tool_use","id":"t1","name":"pay",
         "input":{"card": 4111111111111111,"ok":true,"to":{"iban":"DE89"},"list":[1,2, 3]}}]}]})");
    EXPECT_THAT(heard.words, ElementsAre("t1", "pay", "DE89"));
    EXPECT_THAT(heard.raw, ElementsAre("\"card\": 4111111111111111,\"ok\":t", "\"to\":{\"iban\":\"",
                                       "\"list\":[1,2, 3]"));
}

TEST(PromptReader, KeepsAKeyThatIsItselfWhatIsSensitive)
{
    const auto heard =
        hear(R"({"model":"m","messages":[{"role":"user","content":[{"ada@lovelace.org":null}]}],)"
             R"("metadata":{"4111111111111111":"x"}})");
    EXPECT_THAT(heard.raw, ElementsAre("\"ada@lovelace.org\":n", "\"4111111111111111\":\""));
}

TEST(PromptReader, KeepsALongNumberUnderAWordOfTheProtocol)
{
    const auto heard = hear(R"({"model":"m","seed":4111111111111111,"n":2,)"
                            R"("messages":[{"role":"user","content":4111111111111111}]})");
    EXPECT_THAT(heard.raw,
                ElementsAre("\"seed\":4111111111111111,", "\"content\":4111111111111111}"));
}

TEST(PromptReader, KeepsWhatStandsWhereAWordOfTheProtocolShould)
{
    const auto heard = hear(R"({"model":"m","messages":[
        {"role":"4111 1111 1111 1111","type":"ada@lovelace.org","content":[{"type":"a b"}]}]})");
    EXPECT_THAT(heard.words, ElementsAre("4111 1111 1111 1111", "ada@lovelace.org", "a b"));
}

TEST(PromptReader, TakesAnOllamasContextForTokens)
{
    std::string said;
    const Padded body(
        R"({"model":"m","prompt":"x","context":[1,99999,4111111111111111,["word"]]})");
    PromptReader reader;
    for (const auto& piece : reader.read(body.view()).pieces)
        said.append(piece.text).append("|");
    EXPECT_EQ(said.find("99999"), std::string::npos) << said;
    EXPECT_NE(said.find("4111111111111111"), std::string::npos) << said;
    EXPECT_NE(said.find("word"), std::string::npos) << said;
}

TEST(PromptReader, GivesKeysAndNumbersToNobody)
{
    const auto heard = hear(R"({"model":"m","messages":[
        {"role":"user","content":[{"type":"text","text":"look","own key":123456789}]}]})");
    EXPECT_EQ(heard.last_user, "look");
    EXPECT_THAT(heard.raw, ElementsAre("\"own key\":123456789}"));
}

TEST(PromptReader, ReadsACompletion)
{
    EXPECT_EQ(hear(R"({"model":"m","prompt":"once"})").last_user, "once");
    EXPECT_EQ(hear(R"({"model":"m","prompt":["a","b"],"suffix":"end"})").last_user, "a\nb");
    const auto tokens = hear(R"({"model":"m","prompt":[[1212,318],[4111111111111111]]})");
    EXPECT_THAT(tokens.words, IsEmpty());
    EXPECT_THAT(tokens.raw, IsEmpty()) << "tokens are no numbers to read";
}

TEST(PromptReader, ReadsEmbeddings)
{
    EXPECT_THAT(hear(R"({"model":"m","input":"one"})").words, ElementsAre("one"));
    EXPECT_THAT(hear(R"({"model":"m","input":["one","two"]})").words, ElementsAre("one", "two"));
    const auto tokens = hear(R"({"model":"m","input":[1212,4111111111111111]})");
    EXPECT_THAT(tokens.raw, IsEmpty());
    EXPECT_EQ(tokens.turns, 0U);
}

TEST(PromptReader, CountsTokensGivenAsNumbers)
{
    const std::vector<std::pair<std::string, std::uint32_t>> rows{
        {R"({"input":[1,2,3]})", 3},
        {R"({"input":[[1,2],[3]]})", 3},
        {R"({"prompt":[1,2,3]})", 3},
        {R"({"prompt":[[1,2],[3]]})", 3},
        {R"({"prompt":"1 2 3"})", 0},
        {R"({"input":["1","2"]})", 0},
        {R"({"prompt":"x","context":[7,8]})", 2},
        {R"({"prompt":"x","stop":[7,8]})", 0},
        {R"({"messages":[{"role":"user","content":[7,8]}]})", 0},
        {R"({"input":[{"role":"user","content":[7,8]}]})", 0}};
    for (const auto& [body, ids] : rows)
        EXPECT_EQ(hear(body).token_ids, ids) << body;
}

TEST(PromptReader, TellsTheLargestPromptOfAList)
{
    const std::vector<std::pair<std::string, std::uint32_t>> rows{
        {R"({"input":["abc","a"]})", 750'000},
        {R"({"input":["abc"]})", 1'000'000},
        {R"({"input":"abc"})", 0},
        {R"({"input":[1,2,3]})", 0},
        {R"({"input":[[1,2,3],[4]]})", 750'000},
        {R"({"prompt":["abc","a"]})", 750'000},
        {R"({"prompt":["ab","a"],"suffix":"end"})", 833'334},
        {R"({"prompt":["",""]})", 0},
        {R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]})", 0},
        {R"({"input":[{"role":"user","content":"a"},{"role":"user","content":"b"}]})", 0}};
    for (const auto& [body, share] : rows)
        EXPECT_EQ(hear(body).largest_input, share) << body;
}

TEST(PromptReader, ReadsItemsOfResponses)
{
    const auto heard = hear(R"({"model":"m","instructions":"be kind","input":[
        {"role":"user","content":[{"type":"input_text","text":"hi"},
          {"type":"input_image","image_url":"https://x/y.png"}]},
        {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"q\":4111}"},
        {"type":"function_call_output","call_id":"c1","output":"{\"card\":4111111111111111}"}],
        "text":{"format":{"type":"json_schema","name":"s","schema":{"type":"object"}}}})");
    EXPECT_THAT(heard.words, ElementsAre("be kind", "hi", "https://x/y.png", "c1", "f",
                                         "{\"q\":4111}", "c1", "{\"card\":4111111111111111}", "s"));
    EXPECT_EQ(heard.system, "be kind");
    EXPECT_EQ(heard.last_user, "hi\nhttps://x/y.png");
    EXPECT_EQ(heard.images, 1U);
    EXPECT_EQ(heard.tool_results, 1U);
    EXPECT_TRUE(heard.schema);
}

TEST(PromptReader, ReadsMessagesOfAnthropic)
{
    const auto heard = hear(R"({"model":"m","max_tokens":9,"system":[{"type":"text","text":"sys"}],
        "messages":[{"role":"user","content":[
          {"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"result"}]}]},
        {"role":"user","content":[
          {"type":"document","source":{"type":"text","media_type":"text/plain","data":"a text"}},
          {"type":"text","text":"sum up"}]}]})");
    EXPECT_THAT(heard.words, ElementsAre("sys", "t1", "result", "text/plain", "a text", "sum up"));
    EXPECT_EQ(heard.system, "sys");
    EXPECT_EQ(heard.user_turns, 1U) << "a turn of results only is not the user's";
    EXPECT_EQ(heard.files, 1U);
}

std::string document(const std::string& data)
{
    return R"({"model":"m","messages":[{"role":"user","content":[{"type":"document","source":{)"
           R"("type":"text","data":")" +
           data + R"("}}]}]})";
}

TEST(PromptReader, KeepsALongTextWithoutBlanksWhereAPayloadMayStand)
{
    std::string chinese;
    while (chinese.size() < 6'000)
        chinese += "\xE6\x88\x91\xE7\x9A\x84\xE5\x8D\xA1\xE5\x8F\xB7";
    EXPECT_THAT(hear(document(chinese)).words, ElementsAre(chinese));
    std::string escaped;
    std::string plain;
    while (escaped.size() < 6'000) {
        escaped += "\\u6211";
        plain += "\xE6\x88\x91";
    }
    EXPECT_THAT(hear(document(escaped)).words, ElementsAre(plain));
    EXPECT_THAT(hear(document("data: 4111 1111 1111 1111")).words,
                ElementsAre("data: 4111 1111 1111 1111"));
}

TEST(PromptReader, LeavesPayloadsOutAlsoWhereTheirSlashesAreEscaped)
{
    std::string payload;
    while (payload.size() < 6'000)
        payload += "iVBORw0KGgo/";
    EXPECT_THAT(hear(document(payload)).words, IsEmpty());
    std::string escaped;
    for (const char c : payload)
        escaped += c == '/' ? std::string("\\/") : std::string(1, c);
    EXPECT_THAT(hear(document(escaped)).words, IsEmpty());
    EXPECT_THAT(hear(document("data:image\\/png;base64,iVBORw0KGgo=")).words, IsEmpty());
    EXPECT_THAT(
        hear(R"({"model":"m","messages":[{"role":"user","content":")" + payload + "\"}]}").words,
        ElementsAre(payload))
        << "a text may be anything";
}

TEST(PromptReader, KeepsSchemasOfTools)
{
    const auto heard = hear(R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[
        {"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object",
         "properties":{"patient_id":{"type":"string","maxLength":10}},"required":["patient_id"]}}}],
        "response_format":{"type":"json_object"}})");
    EXPECT_THAT(heard.words, ElementsAre("x", "f", "d", "patient_id"));
    EXPECT_THAT(heard.raw, ElementsAre("\"patient_id\":{"));
}

TEST(PromptReader, TellsASchemaFromJsonOfAnyForm)
{
    struct Row {
        std::string_view member;
        bool json;
        bool schema;
    };
    constexpr Row rows[] = {
        {R"("response_format":{"type":"text"})", false, false},
        {R"("response_format":{"type":"json_object"})", true, false},
        {R"("response_format":{"type":"json_schema","json_schema":{"name":"n"}})", true, true},
        {R"("text":{"format":{"type":"json_object"}})", true, false},
        {R"("text":{"format":{"type":"json_schema","name":"n","schema":{}}})", true, true},
        {R"("output_format":{"type":"json_schema","schema":{"type":"object"}})", true, true},
        {R"("output_config":{"format":{"type":"json_schema","schema":{}}})", true, true},
        {R"("output_format":"png")", false, false},
        {R"("other":{"type":"json_schema"})", false, false},
    };
    for (const auto& row : rows) {
        const auto heard = hear("{" + std::string(row.member) + "}");
        EXPECT_EQ(heard.json, row.json) << row.member;
        EXPECT_EQ(heard.schema, row.schema) << row.member;
    }
}

TEST(PromptReader, SaysNothingOfWhatIsNoJson)
{
    EXPECT_THAT(hear("{\"model\"").words, IsEmpty());
    EXPECT_THAT(hear("").words, IsEmpty());
}

}  // namespace
}  // namespace spillway::dialect
