// Shapes of Ollama's API from several versions as files: what goes in, what comes out.
// SPILLWAY_UPDATE_GOLDEN=1 writes the outputs anew; read the difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden_files.hpp"
#include "padded.hpp"
#include "spillway/dialect/dialect.hpp"

namespace spillway::dialect {
namespace {

namespace fs = std::filesystem;
using golden::expect_golden;
using golden::name_of;
using golden::read_file;
using nlohmann::json;

fs::path golden_root()
{
    return in_source_tree("tests/golden/ollama");
}

std::vector<std::string> cases_with(std::string_view input)
{
    return golden::cases_in(golden_root(), input);
}

/// A row of the file: a window, and what it sets for those who say nothing.
OllamaDefaults configured()
{
    OllamaDefaults defaults;
    defaults.members = {{"num_ctx", "8192"},       {"temperature", "0.2"},
                        {"keep_alive", R"("5m")"}, {"num_gpu", "99"},
                        {"think", "true"},         {"options", R"({"num_thread":4,"top_k":7})"}};
    return defaults;
}

/// The body as a deployment gets it whose model is `engine-model`.
std::string edited(const std::string& text, chat::Endpoint endpoint)
{
    const Padded body(text);
    RequestReader reader;
    const auto facts = reader.read(body.view(), endpoint);
    if (!facts) {
        ADD_FAILURE() << facts.error().message();
        return {};
    }
    WireRules rules;
    rules.speaks_ollama = true;
    rules.rename_max_completion_tokens = true;
    const auto edits =
        plan_edits(*facts, body.view(), "engine-model", rules, UsageInjection::leave, endpoint);
    std::string out;
    for (const auto slice : slices(body.view(), edits)) {
        out += slice;
    }
    return out;
}

std::string text_of(const Result<OllamaRequest>& request)
{
    return (request ? request->body : "refused: " + request.error().message()) + "\n";
}

class OllamaGoldenRequest : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenRequest, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto body = edited(read_file(folder / "request.json"), chat::Endpoint::chat);
    const auto plain = ollama_chat_request(body, {}, std::nullopt);
    expect_golden(folder / "plain.json", text_of(plain));
    expect_golden(folder / "configured.json",
                  text_of(ollama_chat_request(body, configured(), Tokens{8192})));
    ASSERT_TRUE(plain);
    const auto read = json::parse(plain->body);
    EXPECT_EQ(read["truncate"], false);
    EXPECT_EQ(read["shift"], false);
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenRequest, testing::ValuesIn(cases_with("request.json")),
                         name_of);

class OllamaGoldenGenerate : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenGenerate, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto body = edited(read_file(folder / "generate.json"), chat::Endpoint::completions);
    const auto plain = ollama_generate_request(body, {}, std::nullopt);
    expect_golden(folder / "plain.json", text_of(plain));
    expect_golden(folder / "configured.json",
                  text_of(ollama_generate_request(body, configured(), Tokens{8192})));
    ASSERT_TRUE(plain);
    const auto read = json::parse(plain->body);
    EXPECT_EQ(read["truncate"], false);
    EXPECT_EQ(read["shift"], false);
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenGenerate,
                         testing::ValuesIn(cases_with("generate.json")), name_of);

class OllamaGoldenEmbed : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenEmbed, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto body = edited(read_file(folder / "embed.json"), chat::Endpoint::embeddings);
    expect_golden(folder / "plain.json", text_of(ollama_embed_request(body, {}, std::nullopt)));
    expect_golden(folder / "configured.json",
                  text_of(ollama_embed_request(body, configured(), Tokens{8192})));
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenEmbed, testing::ValuesIn(cases_with("embed.json")),
                         name_of);

AnswerFrame frame()
{
    return {"chatcmpl-01TEST", 1'700'000'000, Tokens{100}};
}

std::string text_of(const Result<OpenAiAnswer>& answer)
{
    if (!answer) {
        return "refused: " + answer.error().message() + "\n";
    }
    const auto& engine = answer->engine;
    const auto number = [](const auto& value) {
        return value ? std::to_string(static_cast<std::int64_t>(value->count())) : "-";
    };
    return answer->body + "\nload " + number(engine.load) + " prefill " + number(engine.prefill) +
           " decode " + number(engine.decode) + " evaluated " +
           (engine.evaluated ? std::to_string(count(*engine.evaluated)) : "-") +
           (answer->usage == UsageOrigin::engine ? " counted\n" : " uncounted\n");
}

class OllamaGoldenAnswer : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenAnswer, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto answer = openai_chat_answer(read_file(folder / "answer.json"), frame());
    expect_golden(folder / "openai.json", text_of(answer));
    ASSERT_TRUE(answer);
    const auto read = json::parse(answer->body);
    if (read.contains("error")) {
        return;
    }
    // What OpenAI's schema requires of every answer (wire.md 1.3).
    const auto& choice = read["choices"][0];
    for (const auto* key : {"finish_reason", "index", "message", "logprobs"}) {
        EXPECT_TRUE(choice.contains(key)) << key;
    }
    for (const auto* key : {"role", "content", "refusal"}) {
        EXPECT_TRUE(choice["message"].contains(key)) << key;
    }
    for (const auto* key : {"id", "object", "created", "model", "choices", "usage"}) {
        EXPECT_TRUE(read.contains(key)) << key;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenAnswer, testing::ValuesIn(cases_with("answer.json")),
                         name_of);

/// A client that knows Ollama's API gets the `context` as well.
AnswerFrame generated_frame()
{
    auto wanted = frame();
    wanted.hands_context = true;
    return wanted;
}

class OllamaGoldenGenerated : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenGenerated, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto body = read_file(folder / "generated.json");
    const auto answer = openai_completion_answer(body, generated_frame());
    expect_golden(folder / "openai.json", text_of(answer));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(json::accept(answer->body));
    const auto plain = openai_completion_answer(body, frame());
    ASSERT_TRUE(plain);
    EXPECT_FALSE(json::parse(plain->body).contains("context"));
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenGenerated,
                         testing::ValuesIn(cases_with("generated.json")), name_of);

class OllamaGoldenVectors : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenVectors, AreTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto answer = openai_embeddings_answer(read_file(folder / "vectors.json"), frame());
    expect_golden(folder / "openai.json", text_of(answer));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(recode_embeddings(answer->body, {chat::VectorEncoding::base64}));
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenVectors, testing::ValuesIn(cases_with("vectors.json")),
                         name_of);

std::string read_in_pieces(OllamaStream reader, std::string_view stream, std::size_t piece)
{
    std::string events;
    while (!stream.empty()) {
        events += reader.feed(stream.substr(0, piece));
        stream.remove_prefix(std::min(piece, stream.size()));
    }
    events += reader.finish();
    return events;
}

std::string events_of(std::string_view stream, std::size_t piece)
{
    return read_in_pieces(OllamaStream(frame()), stream, piece);
}

std::string generated_events(std::string_view stream, std::size_t piece)
{
    return read_in_pieces(OllamaStream(generated_frame(), StreamForm::completion), stream, piece);
}

class OllamaGoldenStream : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenStream, BecomesTheEventsThatAreWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto stream = read_file(folder / "stream.ndjson");
    expect_golden(folder / "stream.sse", events_of(stream, stream.size()));
}

TEST_P(OllamaGoldenStream, BecomesTheSameEventsHoweverItIsCut)
{
    const auto stream = read_file(golden_root() / GetParam() / "stream.ndjson");
    const auto whole = events_of(stream, stream.size());
    for (const std::size_t piece : {1, 2, 3, 7, 64}) {
        EXPECT_EQ(events_of(stream, piece), whole) << piece;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenStream, testing::ValuesIn(cases_with("stream.ndjson")),
                         name_of);

class OllamaGoldenText : public testing::TestWithParam<std::string> {};

TEST_P(OllamaGoldenText, BecomesTheEventsThatAreWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto stream = read_file(folder / "generated.ndjson");
    const auto whole = generated_events(stream, stream.size());
    expect_golden(folder / "stream.sse", whole);
    for (const std::size_t piece : {1, 2, 3, 7, 64}) {
        EXPECT_EQ(generated_events(stream, piece), whole) << piece;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaGoldenText,
                         testing::ValuesIn(cases_with("generated.ndjson")), name_of);

}  // namespace
}  // namespace spillway::dialect
