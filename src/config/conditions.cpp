// The conditions of a rule: one entry per key, each with its reader and its line in the manual.
#include "spillway/config/conditions.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

/// The texts of a scalar or of a list of scalars, none empty.
bool read_texts(const Node& node, std::vector<std::string>& out, const Reading& reading)
{
    if (node.kind == Node::Kind::scalar) {
        out = {node.text};
    } else if (!read(node, out, reading)) {
        return false;
    }
    const bool any = !out.empty() && std::none_of(out.begin(), out.end(),
                                                  [](const auto& text) { return text.empty(); });
    return any || reading.wrong(node.at, "expected a text or a list of texts, none of them empty");
}

template <class T>
bool read_words(const Node& node, std::vector<T>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::sequence) {
        T value{};
        if (!read(node, value, reading))
            return false;
        out = {value};
        return true;
    }
    bool good = !node.items.empty() || reading.wrong(node.at, "the list is empty");
    for (const auto& item : node.items) {
        T value{};
        good = read(item, value, reading) && good;
        out.push_back(value);
    }
    return good;
}

bool read_span(const Node& node, Span& out, std::string_view unit, const Reading& reading)
{
    const auto expected = [&] {
        const std::string mark = unit == "%" ? "%" : unit.empty() ? "" : " " + std::string(unit);
        return "an interval such as \">10" + mark + "\", \"<=20" + mark + "\" or \"10.." + "20" +
               mark + "\"";
    };
    if (node.kind != Node::Kind::scalar)
        return reading.expected(node, expected());
    const auto span = parse_span(node.text, unit);
    if (!span)
        return reading.expected(node, expected());
    // "0.1" alone reads like a share of 1, and would be a thousandth of the budget.
    if (unit == "%" && !trimmed(node.text).ends_with('%'))
        return reading.wrong(
            node.at, "a share of a budget is written in per cent, with its sign: " + expected());
    if (span->empty())
        return reading.wrong(node.at, "no number is in this interval, so this never holds");
    out = *span;
    return true;
}

template <Measure measure>
bool read_measure(const Node& node, Condition& out, const Reading& reading)
{
    NumberIs number{measure, {}};
    if (!read_span(node, number.span, measure == Measure::cost_usd ? "USD" : "", reading))
        return false;
    const auto& high = number.span.high;
    if (high && (*high < 0 || (*high == 0 && number.span.high_end == Span::End::open)))
        return reading.wrong(node.at, "this is never negative, so this never holds");
    out.test = std::move(number);
    return true;
}

bool read_has(const Node& node, Condition& out, const Reading& reading)
{
    HasContent has;
    const bool good = read_words(node, has.any_of, reading);
    out.test = std::move(has);
    return good;
}

bool read_task(const Node& node, Condition& out, const Reading& reading)
{
    TaskIs task;
    const bool good = read_words(node, task.any_of, reading);
    out.test = std::move(task);
    return good;
}

bool read_client(const Node& node, Condition& out, const Reading& reading)
{
    std::vector<std::string> names;
    if (!read_texts(node, names, reading))
        return false;
    std::vector<std::string_view> known;
    for (const auto& each : client_words())
        known.push_back(each.word);
    ClientIs client;
    for (const auto& name : names) {
        const auto word = std::find_if(client_words().begin(), client_words().end(),
                                       [&](const auto& each) { return each.word == name; });
        if (word == client_words().end())
            return reading.wrong(node.at, "\"" + printable(name, 40) + "\" is no kind of client" +
                                              suggestion(name, known));
        client.any_of.insert(client.any_of.end(), word->kinds.begin(), word->kinds.end());
    }
    out.test = std::move(client);
    return true;
}

/// A text, a list, or `{any_of: [...], in: system}`.
bool read_searched(const Node& node, std::vector<std::string>& any_of, Where& where,
                   const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return read_texts(node, any_of, reading);
    const auto* list = node.find("any_of");
    if (list == nullptr)
        return reading.wrong(node.at, "expected `any_of` and, if wanted, `in`");
    bool good = read_texts(*list, any_of, reading);
    for (const auto& entry : node.entries) {
        if (entry.key == "in")
            good = read(entry.value, where, reading) && good;
        else if (entry.key != "any_of")
            good = reading.wrong(entry.at, "unknown key \"" + printable(entry.key, 40) + "\"" +
                                               suggestion(entry.key, {"any_of", "in"}));
    }
    return good;
}

bool read_says(const Node& node, Condition& out, const Reading& reading)
{
    SaysWords says;
    const bool good = read_searched(node, says.any_of, says.where, reading) &&
                      are_searchable(says.any_of, node, reading);
    out.test = std::move(says);
    return good;
}

bool read_matches(const Node& node, Condition& out, const Reading& reading)
{
    Matches matches;
    bool good = read_searched(node, matches.any_of, matches.where, reading);
    for (const auto& pattern : matches.any_of)
        if (const auto fault = pattern_fault(pattern); !fault.empty())
            good = reading.wrong(node.at, "\"" + printable(pattern, 60) +
                                              "\" is no regular expression of RE2: " + fault);
    out.test = std::move(matches);
    return good;
}

/// "any", a class, a group of classes, or a list of them.
bool read_sensitive(const Node& node, Condition& out, const Reading& reading)
{
    std::vector<std::string> names;
    if (!read_texts(node, names, reading))
        return false;
    // The operator's own ids are known only when the whole file is: resolved by the routes' check.
    out.test = IsSensitive{std::move(names), {}};
    return true;
}

template <class Test>
bool read_named(const Node& node, Condition& out, const Reading& reading, std::string Test::* name,
                std::string_view what)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, what);
    if (node.entries.empty())
        return reading.wrong(node.at, "nothing is named; expected " + std::string(what));
    AllOf all;
    bool good = true;
    for (const auto& entry : node.entries) {
        Test test;
        test.*name = entry.key;
        // `name: ` alone asks only that it is there.
        if (!entry.value.is_null() &&
            !(entry.value.kind == Node::Kind::scalar && entry.value.text == "*"))
            good = read_texts(entry.value, test.any_of, reading) && good;
        all.parts.push_back({std::move(test), entry.at, 0});
    }
    if (all.parts.size() == 1)
        out = std::move(all.parts.front());
    else
        out.test = std::move(all);
    return good;
}

bool read_headers(const Node& node, Condition& out, const Reading& reading)
{
    if (!read_named(node, out, reading, &HeaderIs::name, "a map of header names and values"))
        return false;
    bool good = true;
    for (const auto& entry : node.entries)
        if (entry.key.empty() || entry.key.find_first_of(" \t\r\n:") != std::string::npos)
            good = reading.wrong(entry.at, "\"" + printable(entry.key, 40) +
                                               "\" is no name of a header, so this never holds");
    return good;
}

bool read_metadata(const Node& node, Condition& out, const Reading& reading)
{
    return read_named(node, out, reading, &MetadataIs::path, "a map of metadata keys and values");
}

template <Identity identity>
bool read_identity(const Node& node, Condition& out, const Reading& reading)
{
    IdentityIs is{identity, {}};
    const bool good = read_texts(node, is.any_of, reading);
    out.test = std::move(is);
    return good;
}

bool read_time(const Node& node, Condition& out, const Reading& reading)
{
    std::vector<std::string> texts;
    if (!read_texts(node, texts, reading))
        return false;
    TimeIs time;
    for (const auto& text : texts) {
        const auto windows = parse_windows(text);
        if (!windows)
            return reading.wrong(node.at, window_fault(text));
        time.any_of.insert(time.any_of.end(), windows->begin(), windows->end());
    }
    out.test = std::move(time);
    return true;
}

/// ">10%", or `{key: ">10%", proxy: ">5%"}`.
bool read_budget(const Node& node, Condition& out, const Reading& reading)
{
    constexpr std::array<std::string_view, 8> scopes{"any",  "proxy",    "key", "team",
                                                     "user", "end_user", "tag", "route"};
    if (node.kind != Node::Kind::map) {
        BudgetLeft left;
        if (!read_span(node, left.percent, "%", reading))
            return false;
        out.test = std::move(left);
        return true;
    }
    AllOf all;
    bool good = !node.entries.empty() || reading.wrong(node.at, "no scope is named");
    for (const auto& entry : node.entries) {
        BudgetLeft left{entry.key, {}};
        if (std::find(scopes.begin(), scopes.end(), entry.key) == scopes.end())
            good = reading.wrong(entry.at,
                                 "\"" + printable(entry.key, 40) + "\" is no scope of a budget" +
                                     suggestion(entry.key, {scopes.begin(), scopes.end()}));
        good = read_span(entry.value, left.percent, "%", reading) && good;
        all.parts.push_back({std::move(left), entry.at, 0});
    }
    out.test = std::move(all);
    return good;
}

bool read_group(const Node& node, Condition& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node,
                                "a map of groups and states, such as {strong-local: healthy}");
    if (node.entries.empty())
        return reading.wrong(node.at, "no group is named");
    AllOf all;
    bool good = true;
    for (const auto& entry : node.entries) {
        GroupIs group{entry.key, {}};
        good = read(entry.value, group.state, reading) && good;
        reading.findings.require(entry.at, entry.key, reading.path);
        all.parts.push_back({std::move(group), entry.at, 0});
    }
    out.test = std::move(all);
    return good;
}

template <class Combined>
bool read_parts(const Node& node, Condition& out, const Reading& reading)
{
    Combined combined;
    bool good = true;
    const auto add = [&](const Node& part) {
        Condition condition;
        good = read(part, condition, reading) && good;
        combined.parts.push_back(std::move(condition));
    };
    if (node.kind == Node::Kind::sequence) {
        if (node.items.empty())
            return reading.wrong(node.at, "the list is empty");
        std::for_each(node.items.begin(), node.items.end(), add);
    } else {
        add(node);
    }
    out.test = std::move(combined);
    return good;
}

constexpr std::array keys{
    ConditionKey{"complexity", "tier or score",
                 "The learned score: `trivial`, `moderate`, `complex`, `premium`, with `>=` and so "
                 "on, `trivial..moderate`, or a number: `\">0.6\"`.",
                 read_complexity},
    ConditionKey{"prompt_tokens", "tokens", "The prompt, at the upper end of its count.",
                 read_measure<Measure::prompt_tokens>},
    ConditionKey{"total_tokens", "tokens", "Prompt and the longest answer that is asked for.",
                 read_measure<Measure::total_tokens>},
    ConditionKey{"turns", "messages", "Messages of the user.", read_measure<Measure::turns>},
    ConditionKey{
        "cost", "USD",
        "Worst case on the first target whose price is known and above 0; without one it never "
        "holds.",
        read_measure<Measure::cost_usd>},
    ConditionKey{"has", "one or a list",
                 "Any of `code`, `images`, `audio`, `files`, `tools`, `json_schema`.", read_has},
    ConditionKey{"task", "one or a list", "`chat`, `completion`, `embedding`, `other`.", read_task},
    ConditionKey{"client", "one or a list",
                 "Who calls: `open_webui_title`, `open_webui_tags`, `open_webui_follow_up`, "
                 "`open_webui_query`, `open_webui` (all its background calls), `coding_agent`, "
                 "`coding_agent_background`, `background` (everybody's).",
                 read_client},
    ConditionKey{"words", "text or list, or `{any_of, in}`",
                 "Whole words or phrases, in any case; a blank stands for a hyphen, too. `in`: "
                 "`last_user` (default), `user`, "
                 "`system`, `all`.",
                 read_says},
    ConditionKey{"matches", "pattern or list, or `{any_of, in}`",
                 "Regular expressions (RE2), looked for in the same places.", read_matches},
    ConditionKey{"sensitive", "class or list",
                 "Classes of docs/privacy.md, groups of them, own ones, or `any`.", read_sensitive},
    ConditionKey{"header", "map", "Request headers; a value may end in `*`, none means present.",
                 read_headers},
    ConditionKey{"metadata", "map", "Members of the body's `metadata`, `a.b` for nested ones.",
                 read_metadata},
    ConditionKey{"tag", "text or list", "A tag of the request.", read_identity<Identity::tag>},
    ConditionKey{"key", "text or list", "The caller's key, by alias or hash.",
                 read_identity<Identity::key>},
    ConditionKey{"team", "text or list", "The caller's team, by alias or id.",
                 read_identity<Identity::team>},
    ConditionKey{"end_user", "text or list", "The body's `user`.",
                 read_identity<Identity::end_user>},
    ConditionKey{"time", "window or list",
                 "`mon-fri 09:00-18:00`, `sat,sun`, `22:00-06:00`, in `server.time_zone`.",
                 read_time},
    ConditionKey{"budget_left", "percent, or a map of scopes",
                 "Share of the tightest budget that is left, or of `proxy`, `key`, `team`, `user`, "
                 "`end_user`, `tag`, or `route`: of the clouds it leads to, the one with most "
                 "left. Without a budget all of it is.",
                 read_budget},
    ConditionKey{"group", "map of groups and states",
                 "`healthy` or `warm`: one member is. `saturated`: none can take a request now.",
                 read_group},
    ConditionKey{"all", "list", "All of these conditions.", read_parts<AllOf>},
    ConditionKey{"any", "list", "Any of these conditions.", read_parts<AnyOf>},
    ConditionKey{"not", "condition or list", "None of these conditions.", read_parts<NotAny>},
};

}  // namespace

std::span<const ConditionKey> condition_keys()
{
    return keys;
}

bool read(const Node& node, Condition& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map of conditions");
    if (node.entries.empty())
        return reading.wrong(node.at, "no condition is in it; what holds always is `otherwise`");
    std::vector<std::string_view> known;
    for (const auto& each : keys)
        known.push_back(each.key);
    AllOf all;
    bool good = true;
    for (const auto& entry : node.entries) {
        const auto key = std::find_if(keys.begin(), keys.end(),
                                      [&](const auto& each) { return each.key == entry.key; });
        if (key == keys.end()) {
            good = reading.wrong(entry.at, "unknown condition \"" + printable(entry.key, 40) +
                                               "\"" + suggestion(entry.key, known));
            continue;
        }
        Condition part;
        part.at = entry.at;
        const Reading inner{reading.findings, reading.traits, reading.path + "." + entry.key};
        good = key->read(entry.value, part, inner) && good;
        all.parts.push_back(std::move(part));
    }
    out.at = node.at;
    if (all.parts.size() == 1)
        out = std::move(all.parts.front());
    else
        out.test = std::move(all);
    return good;
}

}  // namespace spillway::config
