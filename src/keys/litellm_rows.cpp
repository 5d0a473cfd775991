#include "litellm_rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "spillway/base/text.hpp"

namespace spillway::keys::litellm {

namespace {

/// Columns that hold JSON, and those that hold a truth value.
constexpr std::array<std::string_view, 8> json_columns{
    "aliases",         "config",           "metadata",      "permissions",
    "router_settings", "model_max_budget", "budget_limits", "members_with_roles"};
constexpr std::array<std::string_view, 2> flag_columns{"blocked", "auto_rotate"};

template <class List>
bool is_among(const List& list, std::string_view name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_list(const TableShape& shape, std::string_view column)
{
    return std::any_of(shape.columns.begin(), shape.columns.end(), [&](const Column& each) {
        return each.form == Form::list && each.name == column;
    });
}

}  // namespace

std::string place_of(const TableShape& shape, const TableRow& row, std::string_view column)
{
    const auto value = [&](const char* name) {
        const auto found = row.find(name);
        return found == row.end() ? std::string() : printable(found->second, 80);
    };
    std::string place = shape.name;
    const auto label = value(shape.label);
    if (!label.empty())
        place.append(", ").append(shape.label).append(" ").append(label);
    else
        for (const auto* id : shape.ids)
            place.append(", ").append(id).append(" ").append(value(id));
    return place + ", column " + std::string(column);
}

Result<Json> json_of(const TableShape& shape, const TableRow& row)
{
    auto out = Json::object();
    for (const auto& [column, text] : row) {
        if (is_among(flag_columns, column)) {
            out[column] = text == "true" || text == "t";
        } else if (is_among(json_columns, column) || is_list(shape, column)) {
            auto value = Json::parse(text, nullptr, false);
            if (value.is_discarded())
                return fail(Errc::invalid_request, place_of(shape, row, column) + ": is no JSON.");
            out[column] = std::move(value);
        } else {
            out[column] = text;
        }
    }
    return out;
}

std::optional<WallTime> moment_in(const Json& json, const char* column)
{
    const auto found = json.find(column);
    if (found == json.end() || !found->is_string())
        return std::nullopt;
    const auto& text = found->get_ref<const std::string&>();
    std::int64_t micros = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), micros);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
        return std::nullopt;
    return WallTime{WallTime::duration{micros}};
}

std::string text_in(const Json& json, const char* column)
{
    const auto found = json.find(column);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace spillway::keys::litellm
