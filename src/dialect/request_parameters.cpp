// What each parameter of a body means to us. Everything not listed here is forwarded unread.
#include <algorithm>
#include <array>

#include "request_scan.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;

constexpr std::int64_t most_tokens = 1'000'000'000;

bool checks_types(const RequestScan& scan)
{
    // Types are OpenAI's; what passes through may belong to another API.
    return scan.endpoint != Endpoint::other;
}

void read_model(RequestScan& scan)
{
    if (auto model = read_text(scan, "model")) {
        scan.facts.model = std::move(*model);
    }
}

void read_stream(RequestScan& scan)
{
    const bool stream = read_flag(scan, "stream").value_or(false);
    scan.facts.delivery = stream ? chat::Delivery::stream : chat::Delivery::whole;
}

void read_stream_options(RequestScan& scan)
{
    const char first = scan.json.peek();
    if (first == 'n' || !checks_types(scan)) {
        return;
    }
    if (first != '{') {
        scan.refuse_type("stream_options", "an object");
        return;
    }
    const auto mark = scan.keys.open();
    scan.json.object([&](const JsonKey& key) {
        scan.keys.add(key);
        if (is(key.text, "include_usage")) {
            scan.facts.usage_asked =
                read_flag(scan, "stream_options.include_usage").value_or(false);
        }
    });
    if (scan.keys.close(mark).data() != nullptr) {
        scan.refuse(Error{Errc::duplicate_key, "A key appears twice in 'stream_options'."}.about(
            "stream_options"));
    }
}

void set_max_tokens(RequestScan& scan, std::optional<std::int64_t> value)
{
    // Engines take -1 for "no limit"; what a value means below 1 is theirs to say.
    if (value && *value > 0) {
        scan.facts.max_tokens = Tokens{std::min(*value, most_tokens)};
    }
}

void read_max_tokens(RequestScan& scan)
{
    const auto value = read_whole(scan, "max_tokens");
    if (!scan.facts.max_tokens) {
        set_max_tokens(scan, value);
    }
}

void read_max_completion_tokens(RequestScan& scan)
{
    set_max_tokens(scan, read_whole(scan, "max_completion_tokens"));
}

void read_max_output_tokens(RequestScan& scan)
{
    set_max_tokens(scan, read_whole(scan, "max_output_tokens"));
}

void read_chat_messages(RequestScan& scan)
{
    if (scan.endpoint == Endpoint::chat) {
        read_messages(scan);
    } else {
        count_prompt(scan);
    }
}

void read_prompt_of(RequestScan& scan, Endpoint owner, std::string_view param)
{
    const char first = scan.json.peek();
    if (scan.endpoint == owner && first != '"' && first != '[' && first != '{') {
        scan.refuse_type(param, "one of a string or array");
        return;
    }
    count_prompt(scan);
}

void read_prompt(RequestScan& scan)
{
    if (scan.json.peek() != 'n') {
        read_prompt_of(scan, Endpoint::completions, "prompt");
    }
}

void read_input(RequestScan& scan)
{
    read_prompt_of(scan, Endpoint::embeddings, "input");
}

void read_tools(RequestScan& scan)
{
    const char first = scan.json.peek();
    if (scan.endpoint == Endpoint::chat && first != '[' && first != 'n') {
        scan.refuse_type("tools", "an array of objects");
        return;
    }
    count_raw(scan);
}

void read_n(RequestScan& scan)
{
    if (checks_types(scan)) {
        (void)read_whole(scan, "n");
    }
}

template <const char* name>
void read_number(RequestScan& scan)
{
    if (checks_types(scan)) {
        check_number(scan, name);
    }
}

void read_user(RequestScan& scan)
{
    if (scan.json.peek() == '"') {
        if (const auto user = scan.json.string()) {
            scan.facts.end_user = user->text();
        }
    }
}

void read_encoding_format(RequestScan& scan)
{
    if (scan.endpoint != Endpoint::embeddings) {
        return;
    }
    const auto format = read_text(scan, "encoding_format");
    scan.facts.encoding =
        format == "base64" ? chat::VectorEncoding::base64 : chat::VectorEncoding::floats;
}

void read_nothing(RequestScan&) {}

template <const char* name>
void read_control_named(RequestScan& scan)
{
    (void)read_control(scan, name);
}

constexpr char temperature[] = "temperature";
constexpr char top_p[] = "top_p";
constexpr char presence_penalty[] = "presence_penalty";
constexpr char frequency_penalty[] = "frequency_penalty";
constexpr char fallbacks[] = "fallbacks";
constexpr char context_window_fallbacks[] = "context_window_fallbacks";
constexpr char content_policy_fallbacks[] = "content_policy_fallbacks";
constexpr char disable_fallbacks[] = "disable_fallbacks";
constexpr char num_retries[] = "num_retries";
constexpr char timeout[] = "timeout";
constexpr char tags[] = "tags";
constexpr char metadata[] = "metadata";
constexpr char litellm_metadata[] = "litellm_metadata";
constexpr char mock_fallbacks[] = "mock_testing_fallbacks";
constexpr char mock_window[] = "mock_testing_context_window_fallbacks";
constexpr char mock_policy[] = "mock_testing_content_policy_fallbacks";
constexpr char mock_rate_limit[] = "mock_testing_rate_limit_error";

/// The keys that are read, shortest first so that a lookup compares only names of its length.
constexpr std::array rows{
    Parameter{"n", read_n},
    Parameter{tags, read_control_named<tags>},
    Parameter{"user", read_user},
    Parameter{"model", read_model},
    Parameter{"tools", read_tools},
    Parameter{"input", read_input},
    Parameter{"query", count_prompt},
    Parameter{"store", read_nothing},
    Parameter{top_p, read_number<top_p>},
    Parameter{"stream", read_stream},
    Parameter{"prompt", read_prompt},
    Parameter{"system", count_prompt},
    Parameter{timeout, read_control_named<timeout>},
    Parameter{"messages", read_chat_messages},
    Parameter{metadata, read_control_named<metadata>},
    Parameter{fallbacks, read_control_named<fallbacks>},
    Parameter{"functions", count_raw},
    Parameter{"documents", count_prompt},
    Parameter{"max_tokens", read_max_tokens},
    Parameter{temperature, read_number<temperature>},
    Parameter{num_retries, read_control_named<num_retries>},
    Parameter{"instructions", count_prompt},
    Parameter{"prompt_embeds", read_nothing},
    Parameter{"stream_options", read_stream_options},
    Parameter{"encoding_format", read_encoding_format},
    Parameter{presence_penalty, read_number<presence_penalty>},
    Parameter{litellm_metadata, read_control_named<litellm_metadata>},
    Parameter{frequency_penalty, read_number<frequency_penalty>},
    Parameter{"max_output_tokens", read_max_output_tokens},
    Parameter{disable_fallbacks, read_control_named<disable_fallbacks>},
    Parameter{"max_completion_tokens", read_max_completion_tokens},
    Parameter{mock_fallbacks, read_control_named<mock_fallbacks>},
    Parameter{context_window_fallbacks, read_control_named<context_window_fallbacks>},
    Parameter{content_policy_fallbacks, read_control_named<content_policy_fallbacks>},
    Parameter{mock_rate_limit, read_control_named<mock_rate_limit>},
    Parameter{mock_window, read_control_named<mock_window>},
    Parameter{mock_policy, read_control_named<mock_policy>},
};

constexpr std::size_t longest_name = rows.back().name.size();

/// Where the names of each length begin in `rows`.
constexpr auto starts = [] {
    std::array<std::uint8_t, longest_name + 2> first{};
    std::size_t row = 0;
    for (std::size_t size = 0; size < first.size(); ++size) {
        while (row < rows.size() && rows[row].name.size() < size) {
            ++row;
        }
        first[size] = static_cast<std::uint8_t>(row);
    }
    return first;
}();

static_assert(std::is_sorted(rows.begin(), rows.end(), [](const Parameter& a, const Parameter& b) {
    return a.name.size() < b.name.size();
}));

}  // namespace

const Parameter* find_parameter(std::string_view key)
{
    if (key.empty() || key.size() > longest_name) {
        return nullptr;
    }
    for (std::size_t i = starts[key.size()]; i < starts[key.size() + 1]; ++i) {
        // The first letter alone tells most names of one length apart.
        if (rows[i].name[0] == key[0] && rows[i].name == key) {
            return &rows[i];
        }
    }
    return nullptr;
}

}  // namespace spillway::dialect
