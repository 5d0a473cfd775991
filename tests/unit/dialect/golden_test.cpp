// Whole requests and streams as files: what goes in, what comes out under each set of wire rules.
// SPILLWAY_UPDATE_GOLDEN=1 writes the outputs anew; read the difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden_files.hpp"
#include "padded.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

namespace fs = std::filesystem;
using golden::expect_golden;
using golden::name_of;
using golden::read_file;

fs::path golden_root()
{
    return in_source_tree("tests/golden/openai");
}

std::vector<std::string> cases_with(std::string_view input)
{
    return golden::cases_in(golden_root(), input);
}

struct RuleSet {
    std::string name;
    WireRules rules;
    UsageInjection usage;
};

std::vector<RuleSet> rule_sets()
{
    WireRules ollama;
    ollama.rename_max_completion_tokens = true;
    ollama.drop = {"tool_choice", "reasoning_effort"};
    WireRules old_relay;
    old_relay.no_stream_options = true;
    WireRules tuned;
    tuned.defaults = {{"temperature", "0.2"}, {"max_tokens", "512"}, {"top_k", "20"}};
    return {{"plain", {}, UsageInjection::leave},
            {"usage_asked", {}, UsageInjection::ask},
            {"ollama", ollama, UsageInjection::ask},
            {"old_relay", old_relay, UsageInjection::ask},
            {"tuned", tuned, UsageInjection::leave}};
}

class GoldenRequest : public testing::TestWithParam<std::string> {};

TEST_P(GoldenRequest, IsEditedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const Padded body(read_file(folder / "request.json"));
    RequestReader reader;
    const auto facts = reader.read(body.view(), chat::Endpoint::chat);
    ASSERT_TRUE(facts) << facts.error().message();
    for (const auto& set : rule_sets()) {
        const auto edits = plan_edits(*facts, body.view(), "vendor/model-1", set.rules, set.usage);
        std::string edited;
        for (const auto slice : slices(body.view(), edits)) {
            edited += slice;
        }
        expect_golden(folder / (set.name + ".json"), edited);
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenRequest, testing::ValuesIn(cases_with("request.json")),
                         name_of);

std::string_view word(EventKind kind)
{
    switch (kind) {
        case EventKind::idle:
            return "idle";
        case EventKind::meaningful:
            return "meaningful";
        case EventKind::failure:
            return "failure";
        case EventKind::done:
            return "done";
        case EventKind::malformed:
            return "malformed";
    }
    return "";
}

std::string_view word(chat::UsageSource source)
{
    switch (source) {
        case chat::UsageSource::unknown:
            return "unknown";
        case chat::UsageSource::estimated:
            return "estimated";
        case chat::UsageSource::exact:
            return "exact";
    }
    return "";
}

struct Relayed {
    std::string bytes;
    std::string facts;
};

/// The stream as a client gets it, cut into reads of `piece` bytes, and what the meter says.
Relayed relay(std::string_view stream, bool usage_asked, std::size_t piece)
{
    EventBoundary boundary;
    StreamMeter meter(chat::Endpoint::chat, usage_asked);
    Relayed out;
    std::size_t begin = 0;
    std::size_t at = 0;
    while (at < stream.size()) {
        auto rest = stream.substr(at, piece);
        at += rest.size();
        auto offset = at - rest.size();
        while (const auto end = boundary.first_end(rest)) {
            offset += *end;
            rest.remove_prefix(*end);
            const auto event = stream.substr(begin, offset - begin);
            begin = offset;
            const auto verdict = meter.see(event);
            out.facts.append(word(verdict.kind)).append("\n");
            if (verdict.relay && verdict.kind != EventKind::failure) {
                out.bytes += verdict.rewritten.value_or(event);
            }
        }
    }
    const auto usage = meter.usage(Tokens{100});
    std::ostringstream facts;
    facts << "ended_properly " << meter.ended_properly() << "\nmalformed " << meter.malformed()
          << "\nmodel " << meter.model() << "\nusage " << count(usage.prompt) << ' '
          << count(usage.completion) << ' ' << word(usage.source) << "\nfailure "
          << meter.failure().status << ' ' << meter.failure().message << '\n';
    out.facts += facts.str();
    return out;
}

class GoldenStream : public testing::TestWithParam<std::string> {};

TEST_P(GoldenStream, IsRelayedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto stream = read_file(folder / "stream.sse");
    const auto asked = relay(stream, true, stream.size());
    expect_golden(folder / "asked.sse", asked.bytes);
    expect_golden(folder / "asked.facts", asked.facts);
    expect_golden(folder / "unasked.sse", relay(stream, false, stream.size()).bytes);
}

TEST_P(GoldenStream, IsRelayedAlikeHoweverItIsCut)
{
    const auto stream = read_file(golden_root() / GetParam() / "stream.sse");
    const auto whole = relay(stream, false, stream.size());
    for (const std::size_t piece : {1, 2, 3, 7, 64}) {
        const auto cut = relay(stream, false, piece);
        EXPECT_EQ(cut.bytes, whole.bytes) << piece;
        EXPECT_EQ(cut.facts, whole.facts) << piece;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenStream, testing::ValuesIn(cases_with("stream.sse")),
                         name_of);

}  // namespace
}  // namespace spillway::dialect
