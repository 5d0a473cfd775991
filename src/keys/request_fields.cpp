#include "request_fields.hpp"

#include <charconv>
#include <cmath>

#include "spillway/base/text.hpp"
#include "spillway/config/budget.hpp"

namespace spillway::keys {

namespace {

/// More than this is no limit but a mistake: it would be nearly the largest number there is.
constexpr std::int64_t most_count = 1'000'000'000'000'000;
constexpr std::size_t longest_text = 1'024;
constexpr std::size_t most_items = 10'000;

std::string ticked(std::string_view name)
{
    return "`" + printable(name, 80) + "`";
}

std::optional<std::int64_t> whole_number(const Json& value)
{
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > most_count)
        return std::nullopt;
    if (value.is_number_integer())
        return value.get<std::int64_t>();
    if (value.is_number_float()) {
        const auto number = value.get<double>();
        if (std::floor(number) != number || std::abs(number) > static_cast<double>(most_count))
            return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (!value.is_string())
        return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (text.empty() || read.ec != std::errc{} || read.ptr != end)
        return std::nullopt;
    return number;
}

std::optional<std::int64_t> count_of(const Json& value)
{
    const auto number = whole_number(value);
    return number && *number >= 0 && *number <= most_count ? number : std::nullopt;
}

bool is_text(const Json& value)
{
    return value.is_string() && value.get_ref<const std::string&>().size() <= longest_text;
}

}  // namespace

bool RequestFields::has(std::string_view name) const
{
    const auto found = body_.find(name);
    return found != body_.end() && !found->is_null();
}

bool RequestFields::is_null(std::string_view name) const
{
    const auto found = body_.find(name);
    return found != body_.end() && found->is_null();
}

const Json* RequestFields::find(std::string_view name)
{
    read_.emplace(name);
    const auto found = body_.find(name);
    return found == body_.end() ? nullptr : &*found;
}

const Json* RequestFields::take(std::string_view name)
{
    const auto* value = find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

void RequestFields::refuse(std::string_view name, const std::string& what)
{
    refuse(Error(Errc::invalid_request, ticked(name) + " " + what).about(printable(name, 80)));
}

void RequestFields::refuse(Error error)
{
    if (!fault_)
        fault_ = std::move(error);
}

void RequestFields::text(std::string_view name, std::string& into)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    if (value->is_null())
        into.clear();
    else if (is_text(*value))
        into = value->get<std::string>();
    else
        refuse(name, "must be a text of at most 1,024 bytes.");
}

void RequestFields::texts(std::string_view name, std::vector<std::string>& into)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    std::vector<std::string> out;
    if (!value->is_null()) {
        if (!value->is_array() || value->size() > most_items)
            return refuse(name, "must be a list of texts.");
        for (const auto& item : *value) {
            if (!is_text(item))
                return refuse(name, "must be a list of texts.");
            out.push_back(item.get<std::string>());
        }
    }
    into = std::move(out);
}

void RequestFields::flag(std::string_view name, bool& into)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    if (value->is_null())
        into = false;
    else if (value->is_boolean())
        into = value->get<bool>();
    else
        refuse(name, "must be true or false.");
}

template <class T>
void RequestFields::number(std::string_view name, std::optional<T>& into,
                           std::optional<T> (*read)(const Json&), const char* wanted)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    if (value->is_null()) {
        into.reset();
        return;
    }
    const auto number = read(*value);
    if (!number)
        return refuse(name, wanted);
    into = number;
}

void RequestFields::usd(std::string_view name, std::optional<NanoUsd>& into)
{
    number(name, into, &usd_of, "must be an amount of USD from 0 to 9,000,000,000.");
}

void RequestFields::count(std::string_view name, std::optional<std::int64_t>& into)
{
    number(name, into, &count_of, "must be a whole number, 0 or more.");
}

void RequestFields::period(std::string_view name, std::string& into)
{
    std::string given = into;
    text(name, given);
    if (!given.empty() && !config::parse_budget_period(given))
        return refuse(name, "must be a duration such as 30s, 30m, 24h, 30d, 1w or 1mo.");
    into = std::move(given);
}

void RequestFields::object(std::string_view name, std::string& into)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    if (!value->is_null() && !value->is_object())
        return refuse(name, "must be an object.");
    into = value->is_null() || value->empty() ? std::string() : json_text(*value);
}

void RequestFields::text_map(std::string_view name,
                             std::vector<std::pair<std::string, std::string>>& into)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    std::vector<std::pair<std::string, std::string>> out;
    if (!value->is_null()) {
        if (!value->is_object() || value->size() > most_items)
            return refuse(name, "must be an object of texts.");
        for (const auto& [member, item] : value->items()) {
            if (!is_text(item))
                return refuse(name, "must be an object of texts.");
            out.emplace_back(member, item.get<std::string>());
        }
    }
    into = std::move(out);
}

void RequestFields::count_map(std::string_view name,
                              std::vector<std::pair<std::string, std::int64_t>>& into)
{
    const auto* value = find(name);
    if (value == nullptr)
        return;
    std::vector<std::pair<std::string, std::int64_t>> out;
    if (!value->is_null()) {
        if (!value->is_object() || value->size() > most_items)
            return refuse(name, "must be an object of whole numbers.");
        for (const auto& [member, item] : value->items()) {
            const auto number = count_of(item);
            if (!number)
                return refuse(name, "must be an object of whole numbers, 0 or more.");
            out.emplace_back(member, *number);
        }
    }
    into = std::move(out);
}

std::vector<std::string> RequestFields::unread() const
{
    std::vector<std::string> out;
    for (const auto& [name, value] : body_.items())
        if (!read_.contains(name))
            out.push_back(name);
    return out;
}

std::vector<std::string_view> RequestFields::names_read() const
{
    return {read_.begin(), read_.end()};
}

Result<void> RequestFields::verdict() const
{
    if (fault_)
        return fail(*fault_);
    return {};
}

std::string json_text(const Json& value)
{
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<NanoUsd> usd_of(const Json& value)
{
    constexpr std::int64_t most = 9'000'000'000'000'000'000;
    const bool number = value.is_number();
    if (!number && !value.is_string())
        return std::nullopt;
    // The shortest decimal that is this number: what was written, up to fifteen digits.
    const auto amount = scaled_decimal(number ? value.dump() : value.get<std::string>(), 9);
    if (!amount || *amount > most)
        return std::nullopt;
    return NanoUsd{*amount};
}

double usd_number(NanoUsd amount)
{
    return static_cast<double>(count(amount)) / 1e9;
}

}  // namespace spillway::keys
