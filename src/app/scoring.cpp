#include "spillway/app/scoring.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <istream>
#include <ostream>
#include <string>

#include "prompt_lines.hpp"
#include "spillway/base/text.hpp"
#include "spillway/score/score.hpp"

namespace spillway::app {

namespace {

int report(const Result<void>& done, std::ostream& problems)
{
    if (done)
        return 0;
    problems << "spillway: " << done.error().message() << '\n';
    return 1;
}

std::string decimal(double value)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.7g", value);
    return text.data();
}

std::string features_json(const PromptLine& line, const score::Features& features)
{
    std::string out = "{\"id\":" + json_quoted(line.id);
    out += ",\"script\":" + json_quoted(score::name(features.script));
    out += ",\"system\":" + std::to_string(features.system_hash);
    out += ",\"counters\":{";
    for (std::size_t i = 0; i < score::dense_count; ++i) {
        const auto which = static_cast<score::Dense>(i);
        out += i == 0 ? "\"" : ",\"";
        out += std::string(score::describe(which).key) + "\":";
        out += decimal(static_cast<double>(features[which]));
    }
    const auto list = [&](const char* name, std::vector<std::uint16_t> hashes) {
        std::sort(hashes.begin(), hashes.end());
        out += std::string(",\"") + name + "\":[";
        for (std::size_t i = 0; i < hashes.size(); ++i)
            out += (i == 0 ? "" : ",") + std::to_string(hashes[i]);
        out += ']';
    };
    out += '}';
    list("buckets", features.buckets);
    list("words", features.words);
    return out + "}\n";
}

}  // namespace

int print_features(std::istream& in, std::ostream& out, std::ostream& problems)
{
    score::Extractor extractor;
    const auto done = each_prompt(in, [&](const PromptLine& line) {
        out << features_json(line, extractor.extract(line.view()));
    });
    return report(done, problems);
}

int print_scores(const PrintScores& wish, std::istream& in, std::ostream& out,
                 std::ostream& problems)
{
    auto weights = score::shipped_weights();
    if (wish.weights) {
        auto loaded = score::load_weights(*wish.weights);
        if (!loaded) {
            problems << "spillway: " << loaded.error().message() << '\n';
            return 1;
        }
        weights = std::move(*loaded);
    }
    score::Extractor extractor;
    const auto done = each_prompt(in, [&](const PromptLine& line) {
        const auto found = score::score(*weights, extractor.extract(line.view()));
        out << line.id << '\t' << decimal(static_cast<double>(found.gain)) << '\n';
    });
    return report(done, problems);
}

}  // namespace spillway::app
