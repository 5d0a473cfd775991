#include "spillway/review/checks.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"
#include "spillway/review/schema.hpp"

namespace spillway::review {
namespace {

constexpr std::size_t longest_refusal = 600;
constexpr std::size_t excuse_begins_within = 120;
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

constexpr std::array<std::string_view, fault_count> names{
    "empty",      "refused", "cut",          "looping",       "not_json",
    "off_schema", "no_call", "unknown_tool", "bad_arguments", "unsure"};

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

bool is_silent(const Answer& answer)
{
    return without_blanks(answer.text).empty();
}

bool is_declined(const Answer& answer)
{
    return !answer.refusal.empty() || answer.finish == "content_filter" ||
           (answer.calls.empty() && is_refusal(answer.text));
}

/// Is the text one that JSON was demanded of?
bool owes_json(const Answer& answer, const Asked& asked)
{
    return asked.form != Asked::Form::text && answer.calls.empty() && !is_silent(answer);
}

bool has_fault(const Answer& answer, const Asked& asked, Fault fault)
{
    const bool calls = !answer.calls.empty();
    switch (fault) {
        case Fault::empty:
            return is_silent(answer) && !calls && !is_declined(answer);
        case Fault::refused:
            return is_declined(answer);
        case Fault::cut:
            return answer.finish == "length";
        case Fault::looping:
            return is_looping(answer.text) || (is_silent(answer) && is_looping(answer.thought));
        case Fault::not_json:
            return owes_json(answer, asked) && !satisfies(unfenced(answer.text), "true");
        case Fault::off_schema:
            return owes_json(answer, asked) && satisfies(unfenced(answer.text), "true") &&
                   !satisfies(unfenced(answer.text), demanded_schema(asked));
        case Fault::no_call:
            return asked.tool_use == Asked::ToolUse::demanded && !calls;
        case Fault::unknown_tool:
            return calls_unknown(answer, asked);
        case Fault::bad_arguments:
            return calls_badly(answer, asked);
        case Fault::unsure:
            break;
    }
    return false;
}

/// Can the beginning of an answer have it already, whatever follows?
bool shows_early(Fault fault)
{
    return fault == Fault::refused || fault == Fault::looping;
}

}  // namespace

std::string_view name(Fault fault)
{
    return names[static_cast<std::size_t>(fault)];
}

std::optional<Fault> parse_fault(std::string_view word)
{
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end())
        return std::nullopt;
    return static_cast<Fault>(found - names.begin());
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
    for (std::size_t i = 0; i < fault_count; ++i)
        if (const auto fault = static_cast<Fault>(i); has_fault(answer, asked, fault))
            found.push_back(fault);
    return found;
}

std::optional<Fault> first_fault(const Answer& answer, const Asked& asked, const Bar& bar,
                                 Extent extent)
{
    for (std::size_t i = 0; i < fault_count; ++i) {
        const auto fault = static_cast<Fault>(i);
        if (bar.checks.has(fault) && (extent == Extent::whole || shows_early(fault)) &&
            has_fault(answer, asked, fault))
            return fault;
    }
    constexpr std::size_t enough_to_tell = 20;
    const auto mean = extent == Extent::whole || answer.logprobs >= enough_to_tell
                          ? answer.mean_logprob()
                          : std::nullopt;
    if (bar.least_logprob && mean && *mean < static_cast<double>(*bar.least_logprob))
        return Fault::unsure;
    return std::nullopt;
}

}  // namespace spillway::review
