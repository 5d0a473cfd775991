#include "spillway/config/values_budgets.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"
#include "spillway/config/section.hpp"

namespace spillway::config {

namespace {

constexpr std::array<std::pair<std::string_view, UnknownPrices>, 2> unknown_prices{{
    {"refuse", UnknownPrices::refuse},
    {"allow", UnknownPrices::allow},
}};
constexpr std::array<std::pair<std::string_view, BudgetTurn>, 2> turns{{
    {"local-first", BudgetTurn::local_first},
    {"local-only", BudgetTurn::local_only},
}};

/// One window: LiteLLM has two pairs of words for it.
bool read_window(const Node& node, Budget& out, std::optional<NanoUsd>& soft,
                 const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map like {max_budget: 10, budget_duration: 1d}");
    const auto mark = reading.findings.mark();
    SectionLoader load(node, reading.path, reading.findings);
    load("max_budget", out.most);
    load("budget_limit", out.most);
    load("budget_duration", out.period);
    load("time_period", out.period);
    load("soft_budget", soft);
    load.refuse_rest(Unknown::error);
    if (!out.most && !soft)
        return reading.wrong(node.at, "no max_budget");
    return !reading.findings.has_error_since(mark);
}

bool read_named(const Node& node, const Reading& reading)
{
    return node.kind == Node::Kind::map ||
           reading.expected(node, "a map from names to {max_budget: 10, budget_duration: 1d}");
}

}  // namespace

std::span<const std::pair<std::string_view, UnknownPrices>> words_of(UnknownPrices)
{
    return unknown_prices;
}
std::span<const std::pair<std::string_view, BudgetTurn>> words_of(BudgetTurn)
{
    return turns;
}

bool read(const Node& node, PicoUsdPerSecond& out, const Reading& reading)
{
    PicoUsdPerToken price{};
    if (!read(node, price, reading))
        return false;
    out = PicoUsdPerSecond{count(price)};
    return true;
}

bool read(const Node& node, ScopeCaps& out, const Reading& reading)
{
    ScopeCaps caps;
    bool good = true;
    const auto add = [&](const Node& item) {
        Budget window;
        good = read_window(item, window, caps.soft, reading) && good;
        if (window.most)
            caps.windows.push_back(window);
    };
    if (node.kind == Node::Kind::sequence)
        for (const auto& item : node.items)
            add(item);
    else
        add(node);
    if (good)
        out = std::move(caps);
    return good;
}

bool read(const Node& node, std::map<std::string, Budget>& out, const Reading& reading)
{
    if (!read_named(node, reading))
        return false;
    bool good = true;
    for (const auto& entry : node.entries) {
        const Reading inner{reading.findings, reading.traits, reading.path + ".*"};
        Budget window;
        std::optional<NanoUsd> soft;
        good = read_window(entry.value, window, soft, inner) && good;
        out.insert_or_assign(entry.key, window);
    }
    return good;
}

bool read(const Node& node, std::map<std::string, ScopeCaps>& out, const Reading& reading)
{
    if (!read_named(node, reading))
        return false;
    bool good = true;
    for (const auto& entry : node.entries) {
        const Reading inner{reading.findings, reading.traits, reading.path + ".*"};
        ScopeCaps caps;
        good = read(entry.value, caps, inner) && good;
        out.insert_or_assign(entry.key, std::move(caps));
    }
    return good;
}

bool read(const Node& node, std::vector<BudgetStep>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map like {80%: local-first, 100%: local-only}");
    std::vector<BudgetStep> steps;
    for (const auto& entry : node.entries) {
        Node key = entry.value;
        key.kind = Node::Kind::scalar;
        key.text = entry.key;
        key.at = entry.at;
        Share share;
        BudgetStep step;
        if (!read(key, share, reading) || !read(entry.value, step.turn, reading))
            return false;
        step.used = share.part;
        steps.push_back(step);
    }
    std::sort(steps.begin(), steps.end(),
              [](const auto& a, const auto& b) { return a.used < b.used; });
    out = std::move(steps);
    return true;
}

std::string type_name(const PicoUsdPerSecond&, const Traits&)
{
    return "USD per second";
}
std::string type_name(const ScopeCaps&, const Traits&)
{
    return "`{max_budget, budget_duration, soft_budget}`, or a list of them";
}
std::string type_name(const std::map<std::string, Budget>&, const Traits&)
{
    return "map of name to `{max_budget, budget_duration}`";
}
std::string type_name(const std::map<std::string, ScopeCaps>&, const Traits&)
{
    return "map of name to `{max_budget, budget_duration, soft_budget}` or a list of them";
}
std::string type_name(const std::vector<BudgetStep>&, const Traits&)
{
    return "map of used share to local-first or local-only";
}

std::string shown(const PicoUsdPerSecond& value, const Traits&)
{
    return std::to_string(static_cast<double>(count(value)) / 1e12);
}
std::string shown(const ScopeCaps&, const Traits&)
{
    return {};
}

}  // namespace spillway::config
