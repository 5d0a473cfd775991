#include "spillway/route/features_json.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

#include "spillway/base/text.hpp"
#include "spillway/route/limits.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::route {

namespace {

/// What is kept of a name that a client chose.
constexpr std::size_t longest_end_user = 128;

/// Appends members of one object; what has its usual value is left out, which is most of it.
class Writer {
public:
    Writer() { text_.reserve(usual_size); }
    Writer& number(std::string_view key, std::int64_t value)
    {
        if (value == 0)
            return *this;
        open(key);
        char digits[24];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
        text_.append(std::begin(digits), end);
        return *this;
    }
    Writer& real(std::string_view key, float value)
    {
        open(key);
        char digits[32];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
        text_.append(std::begin(digits), end);
        return *this;
    }
    Writer& text(std::string_view key, std::string_view value)
    {
        if (value.empty())
            return *this;
        open(key);
        text_ += json_quoted(value);
        return *this;
    }
    /// `raw` is JSON.
    Writer& json(std::string_view key, std::string_view raw)
    {
        open(key);
        text_ += raw;
        return *this;
    }
    [[nodiscard]] std::string finish() && { return std::move(text_) + "}"; }

private:
    void open(std::string_view key)
    {
        text_ += text_.size() == 1 ? "\"" : ",\"";
        text_.append(key).append("\":");
    }
    static constexpr std::size_t usual_size = 500;
    std::string text_ = "{";
};

std::string probes_json(const std::vector<Probe>& probes)
{
    std::string text = "{";
    for (const auto& probe : probes)
        text += (text.size() == 1 ? "\"" : ",\"") + std::to_string(probe.question) +
                "\":" + (probe.yes ? "1" : "0");
    return text + "}";
}

/// Printable, as in the rest of the record: PostgreSQL's JSON knows no U+0000.
std::string tags_json(const std::vector<std::string>& tags)
{
    std::string text = "[";
    for (const auto& tag : tags)
        text += (text.size() == 1 ? "" : ",") + json_quoted(printable(tag, 256));
    return text + "]";
}

/// By name: a record is read by later versions, too.
std::string uppers_json(const FamilyTokens& uppers)
{
    Writer out;
    for (std::size_t i = 0; i < tokens::family_count; ++i) {
        const auto family = static_cast<tokens::Family>(i);
        out.number(tokens::name_of(family), count(uppers[family]));
    }
    return std::move(out).finish();
}

std::string score_json(const score::Score& score)
{
    Writer out;
    out.real("gain", score.gain)
        .real("rank", score.rank)
        .real("confidence", score.confidence)
        .number("tier", static_cast<int>(score.tier))
        .number("abstains", static_cast<int>(score.abstention));
    return std::move(out).finish();
}

using Json = nlohmann::json;

std::int64_t number_at(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string text_at(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <class Enum>
Enum word_at(const Json& object, const char* key, Enum last)
{
    const auto value = number_at(object, key);
    return value >= 0 && value <= static_cast<std::int64_t>(last) ? static_cast<Enum>(value)
                                                                  : Enum{};
}

float real_at(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number() ? found->get<float>() : 0;
}

std::optional<score::Score> score_at(const Json& object)
{
    const auto found = object.find("score");
    if (found == object.end() || !found->is_object())
        return std::nullopt;
    score::Score score;
    score.gain = real_at(*found, "gain");
    score.rank = real_at(*found, "rank");
    score.confidence = real_at(*found, "confidence");
    score.tier = word_at(*found, "tier", score::Tier::premium);
    score.abstention = word_at(*found, "abstains", score::Abstention::unusual_form);
    return score;
}

std::optional<std::uint32_t> choices_at(const Json& object, const char* key)
{
    if (!object.contains(key))
        return std::nullopt;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(number_at(object, key), 1, chat::Choices::most));
}

FamilyTokens uppers_at(const Json& object)
{
    FamilyTokens uppers;
    const auto found = object.find("uppers");
    if (found == object.end() || !found->is_object())
        return uppers;
    for (std::size_t i = 0; i < tokens::family_count; ++i) {
        const auto family = static_cast<tokens::Family>(i);
        uppers.set(family, Tokens{number_at(*found, std::string(tokens::name_of(family)).c_str())});
    }
    return uppers;
}

std::vector<Probe> probes_at(const Json& object)
{
    std::vector<Probe> probes;
    const auto found = object.find("probes");
    if (found == object.end() || !found->is_object())
        return probes;
    for (const auto& [question, yes] : found->items()) {
        Probe probe;
        const auto* end = question.data() + question.size();
        if (std::from_chars(question.data(), end, probe.question).ptr == end)
            probes.push_back({probe.question, yes == 1});
    }
    std::sort(probes.begin(), probes.end(),
              [](const Probe& a, const Probe& b) { return a.question < b.question; });
    return probes;
}

privacy::ClassSet classes_at(const Json& object, const privacy::ClassNames& names)
{
    privacy::ClassSet classes;
    auto list = text_at(object, "sensitive");
    for (std::string_view rest = list; !rest.empty();) {
        const auto end = std::min(rest.find(','), rest.size());
        if (const auto known = names.parse(rest.substr(0, end)))
            classes.add(*known);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return classes;
}

Features read_features(const Json& object, const privacy::ClassNames& names)
{
    Features features;
    features.task = word_at(object, "task", config::Task::other);
    features.wording = word_at(object, "wording", Wording::none);
    features.prompt = Tokens{number_at(object, "prompt")};
    features.prompt_upper = Tokens{number_at(object, "prompt_upper")};
    features.uppers = uppers_at(object);
    features.largest_input = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(number_at(object, "largest_input"), 0, whole_prompt));
    if (const auto answer = object.find("answer"); answer != object.end())
        features.answer = Tokens{number_at(object, "answer")};
    features.choices = {choices_at(object, "n"), choices_at(object, "best_of")};
    features.turns = static_cast<std::uint32_t>(number_at(object, "turns"));
    features.content =
        ContentSet::from_bits(static_cast<std::uint32_t>(number_at(object, "content")));
    features.client = word_at(object, "client", config::ClientKind::coding_agent_background);
    features.sensitive = classes_at(object, names);
    features.boundary = word_at(object, "boundary", privacy::Boundary::local);
    features.boundary_by = word_at(object, "boundary_by", BoundaryBy::grant);
    features.score = score_at(object);
    features.probes = probes_at(object);
    features.key = text_at(object, "key");
    features.key_alias = text_at(object, "key_alias");
    features.team = text_at(object, "team");
    features.team_alias = text_at(object, "team_alias");
    features.end_user = text_at(object, "end_user");
    if (const auto tags = object.find("tags"); tags != object.end() && tags->is_array())
        for (const auto& tag : *tags)
            if (tag.is_string())
                features.tags.push_back(tag.get<std::string>());
    features.minute_of_week = static_cast<int>(number_at(object, "minute"));
    features.prefer = word_at(object, "prefer", Preference::best);
    if (const auto ceiling = object.find("max_cost"); ceiling != object.end())
        features.max_cost = NanoUsd{number_at(object, "max_cost")};
    return features;
}

}  // namespace

std::string to_json(const Features& features, const privacy::ClassNames& names)
{
    Writer out;
    out.number("task", static_cast<int>(features.task))
        .number("wording", static_cast<int>(features.wording))
        .number("prompt", count(features.prompt))
        .number("prompt_upper", count(features.prompt_upper))
        .number("largest_input", features.largest_input)
        .number("turns", features.turns)
        .number("content", features.content.bits())
        .number("client", static_cast<int>(features.client))
        .number("boundary", static_cast<int>(features.boundary))
        .number("boundary_by", static_cast<int>(features.boundary_by))
        .text("key", features.key)
        .text("key_alias", features.key_alias)
        .text("team", features.team)
        .text("team_alias", features.team_alias)
        .text("end_user", printable(features.end_user, longest_end_user))
        .number("minute", features.minute_of_week)
        .number("prefer", static_cast<int>(features.prefer));
    if (features.answer)
        out.json("answer", std::to_string(count(*features.answer)));
    if (features.choices.n)
        out.json("n", std::to_string(*features.choices.n));
    if (features.choices.best_of)
        out.json("best_of", std::to_string(*features.choices.best_of));
    if (features.uppers != FamilyTokens{})
        out.json("uppers", uppers_json(features.uppers));
    if (features.max_cost)
        out.json("max_cost", std::to_string(count(*features.max_cost)));
    if (!features.sensitive.empty())
        out.text("sensitive", names.list(features.sensitive));
    if (features.score)
        out.json("score", score_json(*features.score));
    if (!features.probes.empty())
        out.json("probes", probes_json(features.probes));
    if (!features.tags.empty())
        out.json("tags", tags_json(features.tags));
    return std::move(out).finish();
}

Result<Features> features_from_json(std::string_view json, const privacy::ClassNames& names)
{
    const auto object = Json::parse(json, nullptr, false);
    if (!object.is_object())
        return fail(Errc::invalid_json, "the recorded features are no JSON object");
    return read_features(object, names);
}

}  // namespace spillway::route
