#include "allowance_fields.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "answer_rows.hpp"
#include "boundary_word.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/budget.hpp"

namespace spillway::keys {

namespace {

std::string ticked(std::string_view text)
{
    return "`" + printable(text, 80) + "`";
}

/// A cap as `budget_limits` and `model_max_budget` have it, in either spelling of LiteLLM's.
std::optional<chat::Cap> cap_of(const Json& entry)
{
    if (!entry.is_object())
        return std::nullopt;
    const auto either = [&](const char* name, const char* other) {
        return entry.contains(name) ? entry[name] : entry.value(other, Json());
    };
    const auto amount = usd_of(either("max_budget", "budget_limit"));
    const auto period = either("budget_duration", "time_period");
    if (!amount || !(period.is_string() || period.is_null()))
        return std::nullopt;
    chat::Cap cap{*amount, period.is_string() ? period.get<std::string>() : std::string()};
    if (!cap.period.empty() && !config::parse_budget_period(cap.period))
        return std::nullopt;
    return cap;
}

void read_windows(RequestFields& fields, std::vector<chat::Cap>& into)
{
    constexpr std::size_t most = 16;
    const auto* list = fields.take("budget_limits");
    if (list == nullptr)
        return;
    std::vector<chat::Cap> out;
    const bool fits = list->is_array() && list->size() <= most;
    for (const auto& entry : fits ? *list : Json::array()) {
        auto cap = cap_of(entry);
        if (!cap || cap->period.empty())
            return fields.refuse("budget_limits",
                                 "must be a list of {\"budget_duration\": \"1d\", "
                                 "\"max_budget\": 10}.");
        out.push_back(*std::move(cap));
    }
    if (!fits)
        return fields.refuse("budget_limits", "must be a list of at most 16 windows.");
    into = std::move(out);
}

void read_model_caps(RequestFields& fields, std::vector<ModelCap>& into)
{
    constexpr std::size_t most = 1'000;
    const auto* map = fields.take("model_max_budget");
    if (map == nullptr)
        return;
    if (!map->is_object() || map->size() > most)
        return fields.refuse("model_max_budget", "must be an object of budgets by model.");
    std::vector<ModelCap> out;
    for (const auto& [model, entry] : map->items()) {
        auto cap = cap_of(entry);
        if (!cap)
            return fields.refuse("model_max_budget",
                                 "must have {\"budget_limit\": 5, \"time_period\": \"1d\"} for "
                                 "each model.");
        out.push_back({model, *std::move(cap)});
    }
    into = std::move(out);
}

std::int64_t digits(std::string_view text, std::size_t from, std::size_t count, bool& good)
{
    std::int64_t value = 0;
    if (from + count > text.size()) {
        good = false;
        return 0;
    }
    const auto* begin = text.data() + from;
    const auto read = std::from_chars(begin, begin + count, value);
    good = good && read.ec == std::errc{} && read.ptr == begin + count && value >= 0;
    return value;
}

/// The offset of "Z", "+02:00" or nothing, in minutes.
std::optional<int> offset_of(std::string_view text)
{
    if (text.empty() || text == "Z" || text == "z")
        return 0;
    if ((text.front() != '+' && text.front() != '-') || text.size() != 6 || text[3] != ':')
        return std::nullopt;
    bool good = true;
    const auto minutes = digits(text, 1, 2, good) * 60 + digits(text, 4, 2, good);
    if (!good)
        return std::nullopt;
    return static_cast<int>(text.front() == '-' ? -minutes : minutes);
}

std::optional<WallTime> time_of(std::string_view text)
{
    using namespace std::chrono;
    bool good = true;
    const auto date = year{static_cast<int>(digits(text, 0, 4, good))} /
                      month{static_cast<unsigned>(digits(text, 5, 2, good))} /
                      day{static_cast<unsigned>(digits(text, 8, 2, good))};
    good = good && text[4] == '-' && text[7] == '-' && date.ok();
    if (!good)
        return std::nullopt;
    auto time = time_point_cast<microseconds>(sys_days{date});
    if (text.size() == 10)
        return time;
    const auto hour = digits(text, 11, 2, good);
    const auto minute = digits(text, 14, 2, good);
    const auto second = digits(text, 17, 2, good);
    if (!good || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':' ||
        hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    time += hours{hour} + minutes{minute} + seconds{second};
    auto rest = text.substr(19);
    if (rest.starts_with('.')) {
        const auto end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
        std::string micros(rest.substr(1, std::min<std::size_t>(end - 1, 6)));
        micros.resize(6, '0');
        time += microseconds{digits(micros, 0, 6, good)};
        rest.remove_prefix(end);
    }
    const auto offset = offset_of(rest);
    if (!good || !offset)
        return std::nullopt;
    return time - minutes{*offset};
}

}  // namespace

void read_allowance(RequestFields& fields, Allowance& into)
{
    fields.usd("max_budget", into.max_budget);
    fields.usd("soft_budget", into.soft_budget);
    fields.period("budget_duration", into.budget_duration);
    if (fields.is_null("budget_limits"))
        into.budget_limits.clear();
    read_windows(fields, into.budget_limits);
    if (fields.is_null("model_max_budget"))
        into.model_max_budget.clear();
    read_model_caps(fields, into.model_max_budget);
    fields.count("tpm_limit", into.tpm_limit);
    fields.count("rpm_limit", into.rpm_limit);
    fields.count("max_parallel_requests", into.max_parallel_requests);
    fields.count_map("model_rpm_limit", into.model_rpm_limit);
    fields.count_map("model_tpm_limit", into.model_tpm_limit);
}

void read_metadata(RequestFields& fields, std::string& metadata, std::vector<std::string>& tags,
                   Allowance& allowance)
{
    std::string given = metadata;
    fields.object("metadata", given);
    auto object = object_of(given);
    RequestFields inner(object);
    inner.texts("tags", tags);
    inner.count_map("model_rpm_limit", allowance.model_rpm_limit);
    inner.count_map("model_tpm_limit", allowance.model_tpm_limit);
    if (const auto fine = inner.verdict(); !fine)
        fields.refuse(Error(fine.error()).within("metadata"));
    for (const auto* member : {"tags", "model_rpm_limit", "model_tpm_limit"})
        object.erase(member);
    metadata = object.empty() ? std::string() : json_text(object);
    fields.texts("tags", tags);
}

void read_models(RequestFields& fields, std::string_view name, const ModelNames& served,
                 std::vector<std::string>& into)
{
    std::vector<std::string> given = into;
    fields.texts(name, given);
    if (given == into)
        return;
    for (const auto& model : given) {
        if (served.serves(model))
            continue;
        const auto meant = served.nearest_to(model);
        return fields.refuse(
            name, "has " + ticked(model) + ", which no model, alias or route here is called" +
                      (meant.empty() ? "." : "; did you mean " + ticked(meant) + "?"));
    }
    into = std::move(given);
}

void read_budget_id(RequestFields& fields, const Catalog& catalog, std::string& into)
{
    std::string given = into;
    fields.text("budget_id", given);
    if (!given.empty() && given != into && !catalog.budget(given))
        return fields.refuse("budget_id", "names " + ticked(given) + ", which is no budget.");
    into = std::move(given);
}

void read_boundary(RequestFields& fields, bool& stay_local)
{
    std::string given = stay_local ? "local" : "any";
    fields.text("boundary", given);
    if (const auto local = says_local(given))
        stay_local = *local;
    else
        fields.refuse("boundary", "must be local or any.");
    // Only what this call says: a key of old must stay changeable.
    std::string metadata;
    fields.object("metadata", metadata);
    const auto object = object_of(metadata);
    const auto found = object.find("boundary");
    if (found == object.end() || found->is_null())
        return;
    if (!found->is_string() || !says_local(found->get<std::string>()))
        fields.refuse("metadata", "has a `boundary`, which must be local or any.");
}

void read_time(RequestFields& fields, std::string_view name, std::optional<WallTime>& into)
{
    std::string given;
    fields.text(name, given);
    if (fields.is_null(name))
        into.reset();
    if (given.empty())
        return;
    const auto time = time_of(given);
    if (!time)
        return fields.refuse(name, "must be a moment such as 2026-12-01T00:00:00Z.");
    into = time;
}

std::vector<std::string> keep_others(RequestFields& fields, std::span<const std::string_view> kept,
                                     std::string& other)
{
    auto object = object_of(other);
    std::vector<std::string> ignored;
    for (const auto& name : fields.unread()) {
        const bool known = std::find(kept.begin(), kept.end(), name) != kept.end();
        if (!known) {
            auto words = fields.names_read();
            words.insert(words.end(), kept.begin(), kept.end());
            if (const auto meant = nearest(name, words)) {
                fields.refuse(name, "is not known; did you mean " + ticked(*meant) + "?");
                continue;
            }
        }
        const auto* value = fields.take(name);
        if (value != nullptr && !value->empty() && *value != Json(false))
            ignored.push_back(printable(name, 80));
        if (!known)
            continue;
        if (value == nullptr)
            object.erase(name);
        else
            object[name] = *value;
    }
    other = object.empty() ? std::string() : json_text(object);
    return ignored;
}

void report_ignored(Json& answer, const std::vector<std::string>& ignored)
{
    if (!ignored.empty())
        answer["ignored_fields"] = ignored;
}

Json with_defaults(const Json& body, const std::vector<config::Parameter>& defaults)
{
    auto out = body;
    for (const auto& parameter : defaults) {
        const auto found = out.find(parameter.name);
        if (found != out.end() && !found->is_null())
            continue;
        if (auto value = Json::parse(parameter.json, nullptr, false); !value.is_discarded())
            out[parameter.name] = std::move(value);
    }
    return out;
}

Result<std::optional<WallTime>> end_of(std::string_view duration, WallTime now)
{
    using namespace std::chrono;
    using Unit = config::BudgetPeriod::Unit;
    if (duration.empty() || duration == "-1" || duration == "permanent")
        return std::nullopt;
    const auto period = config::parse_budget_period(duration);
    if (!period || period->unit == Unit::never)
        return fail(Error(Errc::invalid_request,
                          "`duration` must be a duration such as 30s, 30m, "
                          "24h, 30d, 1w or 1mo.")
                        .about("duration"));
    const auto count = period->count;
    switch (period->unit) {
        case Unit::second:
            return now + seconds{count};
        case Unit::minute:
            return now + minutes{count};
        case Unit::hour:
            return now + hours{count};
        case Unit::day:
            return now + days{count};
        case Unit::week:
            return now + weeks{count};
        case Unit::month:
        case Unit::never:
            break;
    }
    // The same day of a later month, or its last.
    const auto today = floor<days>(now);
    const year_month_day date{today};
    const auto later = date.year() / date.month() + months{count};
    const auto last = (later / std::chrono::last).day();
    return time_point_cast<microseconds>(sys_days{later / std::min(date.day(), last)}) +
           (now - today);
}

std::string uuid_of(std::array<std::uint8_t, 16> bytes)
{
    constexpr std::string_view hex = "0123456789abcdef";
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out += '-';
        out += hex[bytes[i] >> 4U];
        out += hex[bytes[i] & 0x0FU];
    }
    return out;
}

std::string name_of(const Asker& asker)
{
    return asker.user_id.empty() ? "default_user_id" : asker.user_id;
}

void leave_traces(Traces& traces, const Asker& asker, WallTime now)
{
    if (traces.created_at == WallTime{}) {
        traces.created_at = now;
        traces.created_by = name_of(asker);
    }
    traces.updated_at = now;
    traces.updated_by = name_of(asker);
}

Result<std::vector<std::string>> names_in(const Json& body, std::string_view member)
{
    RequestFields fields(body);
    std::vector<std::string> names;
    fields.texts(member, names);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    if (names.empty())
        return fail(Error(Errc::invalid_request, ticked(member) + " must be given.")
                        .about(std::string(member)));
    return names;
}

Result<std::string> name_in(const Json& body, std::string_view member)
{
    RequestFields fields(body);
    std::string name;
    fields.text(member, name);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    if (name.empty())
        return fail(Error(Errc::invalid_request, ticked(member) + " must be given.")
                        .about(std::string(member)));
    return name;
}

Error no_such(std::string_view kind, std::string_view name, std::string_view member)
{
    return Error(Errc::unknown_record,
                 "There is no " + std::string(kind) + " " + ticked(name) + ".")
        .about(std::string(member));
}

Result<PageOf> page_of(const Question& question, std::string_view size_member, std::size_t size)
{
    constexpr std::size_t largest = 100;
    constexpr std::size_t last = 1'000'000;
    PageOf page{1, size};
    const auto read = [&](std::string_view name, std::size_t most, std::size_t& into) {
        const auto text = question[name];
        if (text.empty())
            return true;
        const auto* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, into);
        return parsed.ec == std::errc{} && parsed.ptr == end && into >= 1 && into <= most;
    };
    if (!read("page", last, page.number))
        return fail(Error(Errc::invalid_request, "`page` must be a whole number, 1 or more.")
                        .about("page"));
    if (!read(size_member, largest, page.size))
        return fail(Error(Errc::invalid_request,
                          ticked(size_member) + " must be a whole number from 1 to 100.")
                        .about(std::string(size_member)));
    return page;
}

}  // namespace spillway::keys
