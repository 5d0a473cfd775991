#include "spillway/dialect/request_reader.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "request_scan.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;

/// No API has more parameters; bounds what one body can make us remember.
constexpr std::size_t most_members = 1000;
constexpr std::size_t longest_model = 512;
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
        if (key.text == "include_usage") {
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

struct Row {
    std::string_view name;
    void (*read)(RequestScan&);
};

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
constexpr char mock_fallbacks[] = "mock_testing_fallbacks";
constexpr char mock_window[] = "mock_testing_context_window_fallbacks";
constexpr char mock_policy[] = "mock_testing_content_policy_fallbacks";

/// The keys that are read, shortest first so that a lookup compares only names of its length.
constexpr std::array rows{
    Row{"n", read_n},
    Row{tags, read_control_named<tags>},
    Row{"user", read_user},
    Row{"model", read_model},
    Row{"tools", read_tools},
    Row{"input", read_input},
    Row{"query", count_prompt},
    Row{"store", read_nothing},
    Row{top_p, read_number<top_p>},
    Row{"stream", read_stream},
    Row{"prompt", read_prompt},
    Row{"system", count_prompt},
    Row{timeout, read_control_named<timeout>},
    Row{"messages", read_chat_messages},
    Row{metadata, read_control_named<metadata>},
    Row{fallbacks, read_control_named<fallbacks>},
    Row{"functions", count_raw},
    Row{"documents", count_prompt},
    Row{"max_tokens", read_max_tokens},
    Row{temperature, read_number<temperature>},
    Row{num_retries, read_control_named<num_retries>},
    Row{"instructions", count_prompt},
    Row{"prompt_embeds", read_nothing},
    Row{"stream_options", read_stream_options},
    Row{"encoding_format", read_encoding_format},
    Row{presence_penalty, read_number<presence_penalty>},
    Row{frequency_penalty, read_number<frequency_penalty>},
    Row{"max_output_tokens", read_max_output_tokens},
    Row{disable_fallbacks, read_control_named<disable_fallbacks>},
    Row{"max_completion_tokens", read_max_completion_tokens},
    Row{mock_fallbacks, read_control_named<mock_fallbacks>},
    Row{context_window_fallbacks, read_control_named<context_window_fallbacks>},
    Row{content_policy_fallbacks, read_control_named<content_policy_fallbacks>},
    Row{mock_window, read_control_named<mock_window>},
    Row{mock_policy, read_control_named<mock_policy>},
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

static_assert(std::is_sorted(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.name.size() < b.name.size();
}));

const Row* find_row(std::string_view key)
{
    if (key.size() > longest_name) {
        return nullptr;
    }
    for (std::size_t i = starts[key.size()]; i < starts[key.size() + 1]; ++i) {
        if (rows[i].name == key) {
            return &rows[i];
        }
    }
    return nullptr;
}

bool has(const chat::RequestFacts& facts, std::string_view key)
{
    return std::any_of(facts.members.begin(), facts.members.end(),
                       [key](const chat::Member& member) { return member.key == key; });
}

void read_member(RequestScan& scan, const JsonKey& key)
{
    auto& json = scan.json;
    const auto* row = find_row(key.text);
    scan.keys.add(key);
    chat::Member member;
    // A key spelled with escapes cannot be a view of the body: known ones get their plain name,
    // others keep their spelling.
    const auto begin = json.offset();
    if (key.escaped && row != nullptr) {
        member.key = row->name;
    } else if (key.escaped) {
        const auto quote = json.text().rfind('"', begin - 1);
        member.key = json.text().substr(key.offset + 1, quote - key.offset - 1);
    } else {
        member.key = key.text;
    }
    if (row != nullptr) {
        row->read(scan);
    }
    if (json.ok() && json.offset() == begin) {
        json.skip();
    }
    if (!json.ok()) {
        return;
    }
    member.value = {begin, json.end() - begin};
    member.entry = {key.offset, json.end() - key.offset};
    scan.facts.members.push_back(member);
    if (scan.facts.members.size() > most_members) {
        scan.refuse({Errc::invalid_request, "The body has more than 1000 parameters."});
    }
}

void require(RequestScan& scan, Endpoint endpoint, std::string_view key, std::string_view instead)
{
    const auto& facts = scan.facts;
    if (scan.endpoint == endpoint && !has(facts, key) &&
        (instead.empty() || !has(facts, instead))) {
        scan.refuse(
            Error{Errc::invalid_request, "Missing required parameter: '" + std::string(key) + "'."}
                .about(std::string(key)));
    }
}

void check_model(RequestScan& scan)
{
    const auto& model = scan.facts.model;
    if (model.empty()) {
        scan.refuse(
            Error{Errc::missing_model, "You must provide a model parameter."}.about("model"));
        return;
    }
    const bool control = std::any_of(model.begin(), model.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (control || model.size() > longest_model) {
        scan.refuse(
            Error{Errc::invalid_request, control ? "Invalid 'model': it holds control characters."
                                                 : "Invalid 'model': it is longer than 512 bytes."}
                .about("model"));
    }
}

void read_body(RequestScan& scan)
{
    auto& json = scan.json;
    if (json.peek() != '{') {
        const auto got = type_of_next(json);
        if (json.skip() && json.finish()) {
            scan.refuse({Errc::invalid_request,
                         "The body must be a JSON object, but is " + std::string(got) + "."});
        }
        return;
    }
    const auto mark = scan.keys.open();
    json.object([&](const JsonKey& key) { read_member(scan, key); });
    const auto twice = scan.keys.close(mark);
    if (!json.finish()) {
        return;
    }
    if (twice.data() != nullptr) {
        const auto key = printable(twice, 64);
        scan.refuse(Error{Errc::duplicate_key, "The key '" + key + "' appears twice."}.about(key));
        return;
    }
    check_model(scan);
    require(scan, Endpoint::chat, "messages", "");
    require(scan, Endpoint::completions, "prompt", "prompt_embeds");
    require(scan, Endpoint::embeddings, "input", "messages");
    settle_controls(scan);
}

Error not_json(JsonFault fault, std::size_t offset)
{
    std::string message = "The body is not valid JSON: ";
    message.append(describe(fault));
    if (offset > 0) {
        message += " (at byte " + std::to_string(offset) + ")";
    }
    return Error{Errc::invalid_json, message + "."};
}

}  // namespace

struct RequestReader::Scratch {
    JsonIndex index;
    KeyLedger keys;
};

RequestReader::RequestReader() : scratch_(std::make_unique<Scratch>()) {}
RequestReader::~RequestReader() = default;

Result<chat::RequestFacts> RequestReader::read(std::string_view body, chat::Endpoint endpoint)
{
    if (const auto fault = scratch_->index.scan(body); fault != JsonFault::none) {
        scratch_->index.shrink();
        return fail(not_json(fault, 0));
    }
    constexpr std::size_t usual_members = 12;
    chat::RequestFacts facts;
    facts.members.reserve(usual_members);
    JsonWalker json(body, scratch_->index.tokens());
    RequestScan scan{json, scratch_->keys, facts, endpoint, std::nullopt, {}};
    read_body(scan);
    scratch_->keys.clear();
    scratch_->index.shrink();
    if (scan.error) {
        return fail(std::move(*scan.error));
    }
    if (!json.ok()) {
        return fail(not_json(json.fault(), json.fault_offset()));
    }
    return facts;
}

}  // namespace spillway::dialect
