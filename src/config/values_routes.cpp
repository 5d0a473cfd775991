#include "spillway/config/values_routes.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "spillway/base/text.hpp"
#include "spillway/config/answer_length.hpp"
#include "spillway/config/conditions.hpp"
#include "spillway/config/findings.hpp"

namespace spillway::config {

namespace {

constexpr std::size_t longest_words = 4096;  ///< What any search still compiles.

constexpr double nano_per_usd = 1e9;
constexpr double most_usd = 1e9;

/// A number, whatever stands behind it that `unit` allows.
std::optional<double> amount(const Node& node, std::string_view unit)
{
    if (node.kind != Node::Kind::scalar)
        return std::nullopt;
    const auto span = parse_span("<=" + node.text, unit);
    return span ? span->high : std::nullopt;
}

bool is_whole_number(std::string_view json)
{
    if (json.starts_with('-'))
        json.remove_prefix(1);
    return !json.empty() && json.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Those that a list may name: `unsure` takes a number instead.
std::vector<review::Fault> named_faults()
{
    std::vector<review::Fault> faults;
    for (std::size_t i = 0; i < review::fault_count; ++i)
        if (const auto fault = static_cast<review::Fault>(i); review::FaultSet::all().has(fault))
            faults.push_back(fault);
    return faults;
}

}  // namespace

std::string pattern_fault(const std::string& pattern)
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t{1} << 20);
    const RE2 compiled(pattern, options);
    return compiled.ok() ? std::string() : compiled.error();
}

bool are_searchable(const std::vector<std::string>& words, const Node& node, const Reading& reading)
{
    for (const auto& word : words) {
        if (word.size() > longest_words)
            return reading.wrong(node.at, "words to look for are longer than " +
                                              std::to_string(longest_words) + " bytes");
        if (trimmed(word).empty())
            return reading.wrong(node.at, "a text of blanks alone is no word");
    }
    return true;
}

bool matches_empty(const std::string& pattern)
{
    const RE2 expression(pattern, RE2::Quiet);
    return expression.ok() && RE2::PartialMatch("", expression);
}

bool read(const Node& node, privacy::Boundary& out, const Reading& reading)
{
    if (!read_word(node, {"any", "local"}, reading))
        return false;
    out = privacy::parse_boundary(node.text).value_or(out);
    return true;
}

bool read(const Node& node, NanoUsd& out, const Reading& reading)
{
    const auto usd = amount(node, "USD");
    if (!usd || *usd < 0 || *usd > most_usd)
        return reading.expected(node, "an amount of USD such as 0.05");
    out = NanoUsd{std::llround(*usd * nano_per_usd)};
    return true;
}

bool read(const Node& node, Share& out, const Reading& reading)
{
    const bool percent = node.kind == Node::Kind::scalar && node.text.ends_with('%');
    const auto value = amount(node, "%");
    const double part = value ? *value / (percent ? 100 : 1) : -1;
    if (part < 0 || part > 1)
        return reading.expected(node, "a share such as 20% or 0.2");
    out = Share{part};
    return true;
}

bool read(const Node& node, ShadowRole& out, const Reading& reading)
{
    if (!read_word(node, {"by_price", "strong", "weak"}, reading))
        return false;
    out = node.text == "strong" ? ShadowRole::strong
          : node.text == "weak" ? ShadowRole::weak
                                : ShadowRole::by_price;
    return true;
}

bool read(const Node& node, AnswerFit& out, const Reading& reading)
{
    bool clamp = false;
    if (!read(node, clamp, reading))
        return false;
    out = clamp ? AnswerFit::clamp : AnswerFit::as_asked;
    return true;
}

bool read(const Node& node, review::FaultSet& out, const Reading& reading)
{
    std::vector<std::string> words;
    if (!read(node, words, reading))
        return false;
    out = {};
    for (const auto& word : words) {
        const auto fault = review::parse_fault(word);
        if (!fault || *fault == review::Fault::unsure) {
            std::vector<std::string_view> known;
            for (const auto each : named_faults())
                known.push_back(review::name(each));
            return reading.wrong(node.at, "there is no check \"" + printable(word, 40) + "\"" +
                                              suggestion(word, known));
        }
        out.add(*fault);
    }
    return true;
}

bool read(const Node& node, std::vector<Parameter>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map of parameters");
    constexpr std::string_view own[] = {"model", "messages", "prompt", "input", "stream"};
    for (const auto& entry : node.entries) {
        if (std::find(std::begin(own), std::end(own), entry.key) != std::end(own))
            return reading.wrong(entry.at, "\"" + entry.key + "\" belongs to the client");
        auto json = to_json(entry.value);
        // Lengths are counted by us, too: a text, which an engine may or may not take for a number,
        // would not be.
        if (is_answer_length(entry.key) && json != "null" && !is_whole_number(json))
            return reading.wrong(
                entry.at,
                "\"" + entry.key + "\": expected a whole number, found " + printable(json, 40));
        out.push_back({entry.key, std::move(json)});
    }
    return true;
}

bool read(const Node& node, std::vector<double>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::sequence)
        return reading.expected(node, "a list of numbers");
    bool good = true;
    for (const auto& item : node.items) {
        double value = 0;
        good = read(item, value, reading) && good;
        out.push_back(value);
    }
    if (good && !std::is_sorted(out.begin(), out.end()))
        return reading.wrong(node.at, "the numbers must rise");
    return good;
}

std::string type_name(const privacy::Boundary&, const Traits&)
{
    return "one of any, local";
}
std::string type_name(const NanoUsd&, const Traits&)
{
    return "USD";
}
std::string type_name(const Share&, const Traits&)
{
    return "share, as 20% or 0.2";
}
std::string type_name(const ShadowRole&, const Traits&)
{
    return "one of by_price, strong, weak";
}
std::string type_name(const AnswerFit&, const Traits&)
{
    return "true or false";
}
std::string type_name(const review::FaultSet&, const Traits&)
{
    return "list of checks";
}
std::string type_name(const std::vector<Parameter>&, const Traits&)
{
    return "map of parameters";
}
std::string type_name(const std::vector<double>&, const Traits&)
{
    return "list of numbers";
}

std::string shown(const privacy::Boundary& value, const Traits&)
{
    return std::string(privacy::name(value));
}
std::string shown(const NanoUsd& value, const Traits&)
{
    return std::to_string(static_cast<double>(count(value)) / nano_per_usd);
}
std::string shown(const Share& value, const Traits&)
{
    return std::to_string(static_cast<int>(std::lround(value.part * 100))) + "%";
}
std::string shown(const ShadowRole& value, const Traits&)
{
    switch (value) {
        case ShadowRole::strong:
            return "strong";
        case ShadowRole::weak:
            return "weak";
        case ShadowRole::by_price:
            break;
    }
    return "by_price";
}
std::string shown(const AnswerFit& value, const Traits&)
{
    return value == AnswerFit::clamp ? "true" : "false";
}
std::string shown(const review::FaultSet& value, const Traits&)
{
    if (value == review::FaultSet::all())
        return "all";
    std::string text;
    for (const auto fault : named_faults())
        if (value.has(fault))
            text.append(text.empty() ? "" : ", ").append(review::name(fault));
    return text;
}

}  // namespace spillway::config
