#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "spillway/app/explain_command.hpp"
#include "spillway/base/text.hpp"

namespace spillway::app {

namespace {

using Json = nlohmann::ordered_json;

std::string text_at(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? printable(found->get<std::string>(), 400)
                                                       : std::string();
}

std::string number_text(double value, const char* format)
{
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

std::string usd_at(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_number()
               ? "$" + number_text(found->get<double>(), "%.6f")
               : "not known";
}

void add(std::string& out, std::string_view name, std::string_view value)
{
    constexpr std::size_t width = 12;
    if (value.empty())
        return;
    out.append(name).append(width - name.size(), ' ').append(value).append("\n");
}

std::string chain_text(const Json& chain)
{
    std::string text;
    for (const auto& group : chain)
        if (group.is_string())
            text += (text.empty() ? "" : " -> ") + printable(group.get<std::string>(), 80);
    return text;
}

void add_score(std::string& out, const Json& score)
{
    if (!score.is_object())
        return;
    const auto real = [&](const char* key) { return score.value(key, 0.0); };
    auto line = text_at(score, "tier") + number_text(real("rank"), " %.2f") +
                number_text(real("gain"), ", expected gain %+.2f") +
                number_text(real("confidence"), ", confidence %.2f");
    if (const auto why = text_at(score, "abstains"); !why.empty())
        line = "abstains: " + why;
    add(out, "score", line);
    if (const auto reasons = score.find("reasons"); reasons != score.end())
        for (const auto& reason : *reasons)
            add(out, "",
                number_text(reason.value("effect", 0.0), "%+.2f  ") + text_at(reason, "words"));
}

void add_rules(std::string& out, const Json& rules)
{
    for (const auto& rule : rules) {
        const bool held = rule.value("held", false);
        const auto because = text_at(rule, "because");
        add(out, &rule == &rules.front() ? "rules" : "",
            (held ? "takes it  " : "no        ") + text_at(rule, "name") +
                (because.empty() ? "" : "  (" + because + ")"));
    }
}

void add_candidates(std::string& out, const Json& candidates)
{
    for (const auto& candidate : candidates) {
        auto line = text_at(candidate, "group") + "/" + text_at(candidate, "deployment") + "  " +
                    text_at(candidate, "verdict");
        line += candidate.value("local", false) ? ", local" : ", remote";
        line += ", at most " + usd_at(candidate, "worst_cost_usd");
        if (const auto window = candidate.find("window"); window != candidate.end())
            line += ", window " + window->dump();
        add(out, &candidate == &candidates.front() ? "candidates" : "", line);
    }
}

}  // namespace

std::string explanation_text(std::string_view json)
{
    const auto object = Json::parse(json, nullptr, false);
    if (!object.is_object())
        return {};
    static const Json nothing = Json::array();
    const auto list = [&](const char* key) -> const Json& {
        const auto found = object.find(key);
        return found != object.end() && found->is_array() ? *found : nothing;
    };
    std::string out;
    if (const auto error = object.find("error"); error != object.end())
        add(out, "refused", text_at(*error, "code") + ": " + text_at(*error, "message"));
    add(out, "route", text_at(object, "route"));
    add(out, "rule", text_at(object, "rule"));
    add(out, "chain", chain_text(list("chain")));
    const auto by = text_at(object, "boundary_by");
    add(out, "boundary", text_at(object, "boundary") + (by.empty() ? "" : " (" + by + ")"));
    add(out, "prefers", text_at(object, "prefer"));
    if (!list("chain").empty())
        add(out, "worst case", usd_at(object, "worst_cost_usd"));
    if (const auto score = object.find("score"); score != object.end())
        add_score(out, *score);
    add_rules(out, list("rules"));
    add_candidates(out, list("candidates"));
    add(out, "reason", text_at(object, "reason"));
    if (const auto features = object.find("features"); features != object.end())
        add(out, "features", features->dump());
    if (const auto took = object.find("decided_in_us"); took != object.end() && took->is_number())
        add(out, "decided in", number_text(took->get<double>(), "%.1f us"));
    return out;
}

}  // namespace spillway::app
