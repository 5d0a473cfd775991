#include "spillway/review/checks.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"
#include "spillway/review/schema.hpp"

namespace spillway::review {
namespace {

constexpr std::size_t longest_refusal = 600;
constexpr std::size_t excuse_begins_within = 120;
constexpr std::size_t longest_period = 240;
constexpr std::size_t least_repeated = 240;
constexpr std::size_t least_times = 6;

constexpr std::array<std::string_view, 24> excuses{"i can't help",
                                                   "i cannot help",
                                                   "i can't assist",
                                                   "i cannot assist",
                                                   "i'm unable to",
                                                   "i am unable to",
                                                   "i can't provide",
                                                   "i cannot provide",
                                                   "i can't comply",
                                                   "i cannot comply",
                                                   "i won't be able to",
                                                   "i will not be able to",
                                                   "i'm not able to",
                                                   "i am not able to",
                                                   "i must decline",
                                                   "i can't do that",
                                                   "i cannot fulfill",
                                                   "i can't fulfill",
                                                   "as an ai language",
                                                   "dabei kann ich nicht",
                                                   "das kann ich leider nicht",
                                                   "je ne peux pas vous aider",
                                                   "no puedo ayudarte",
                                                   "no puedo ayudar con"};

constexpr std::array<std::string_view, 9> names{"empty",   "refused",      "cut",
                                                "looping", "not_json",     "off_schema",
                                                "no_call", "unknown_tool", "bad_arguments"};

std::string_view without_blanks(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// Typographic apostrophes are as good as the typewriter's.
std::string plain(std::string_view text)
{
    const auto words = lower(text);
    constexpr std::string_view curly = "\xE2\x80\x99";
    std::string out;
    out.reserve(words.size());
    std::size_t from = 0;
    for (auto at = words.find(curly); at != std::string::npos; at = words.find(curly, from)) {
        out.append(words, from, at - from).push_back('\'');
        from = at + curly.size();
    }
    return out.append(words, from);
}

bool calls_unknown(const Answer& answer, const Asked& asked)
{
    return std::any_of(answer.calls.begin(), answer.calls.end(), [&](const ToolCall& call) {
        return std::none_of(asked.tools.begin(), asked.tools.end(),
                            [&](const Tool& tool) { return tool.name == call.name; });
    });
}

bool calls_badly(const Answer& answer, const Asked& asked)
{
    return std::any_of(answer.calls.begin(), answer.calls.end(), [&](const ToolCall& call) {
        const auto tool = std::find_if(asked.tools.begin(), asked.tools.end(),
                                       [&](const Tool& each) { return each.name == call.name; });
        const bool has_schema = tool != asked.tools.end() && !tool->schema.empty();
        return !satisfies(call.arguments.empty() ? "{}" : std::string_view(call.arguments),
                          has_schema ? std::string_view(tool->schema) : "true");
    });
}

/// `{"type":"object"}` is what JSON mode promises.
std::string_view demanded_schema(const Asked& asked)
{
    return asked.form == Asked::Form::schema ? std::string_view(asked.schema)
                                             : R"({"type":"object"})";
}

}  // namespace

std::string_view name(Fault fault)
{
    return names[static_cast<std::size_t>(fault)];
}

std::string_view unfenced(std::string_view text)
{
    text = without_blanks(text);
    constexpr std::string_view fence = "```";
    if (!text.starts_with(fence) || !text.ends_with(fence) || text.size() < 2 * fence.size())
        return text;
    const auto line = text.find('\n');
    if (line == std::string_view::npos)
        return text;
    return without_blanks(text.substr(line + 1, text.size() - fence.size() - line - 1));
}

bool is_looping(std::string_view text)
{
    text = without_blanks(text);
    for (std::size_t period = 1; period <= longest_period; ++period) {
        const auto span = std::max(least_repeated, period * least_times);
        if (text.size() < span)
            return false;
        const auto end = text.substr(text.size() - span);
        if (std::equal(end.begin() + static_cast<std::ptrdiff_t>(period), end.end(), end.begin()))
            return true;
    }
    return false;
}

bool is_refusal(std::string_view text)
{
    text = without_blanks(text);
    if (text.size() > longest_refusal)
        return false;
    const auto beginning = plain(text.substr(0, excuse_begins_within));
    return std::any_of(excuses.begin(), excuses.end(), [&](std::string_view excuse) {
        return beginning.find(excuse) != std::string::npos;
    });
}

std::vector<Fault> faults(const Answer& answer, const Asked& asked)
{
    std::vector<Fault> found;
    const auto note = [&](Fault fault, bool there) {
        if (there)
            found.push_back(fault);
    };
    const bool silent = without_blanks(answer.text).empty();
    const bool calls = !answer.calls.empty();
    const bool declined = !answer.refusal.empty() || answer.finish == "content_filter" ||
                          (!calls && is_refusal(answer.text));
    note(Fault::empty, silent && !calls && !declined);
    note(Fault::refused, declined);
    note(Fault::cut, answer.finish == "length");
    note(Fault::looping, is_looping(answer.text));
    if (asked.form != Asked::Form::text && !calls && !silent) {
        const auto text = unfenced(answer.text);
        const bool json = satisfies(text, "true");
        note(Fault::not_json, !json);
        note(Fault::off_schema, json && !satisfies(text, demanded_schema(asked)));
    }
    note(Fault::no_call, asked.tool_use == Asked::ToolUse::demanded && !calls);
    note(Fault::unknown_tool, calls_unknown(answer, asked));
    note(Fault::bad_arguments, calls_badly(answer, asked));
    return found;
}

}  // namespace spillway::review
