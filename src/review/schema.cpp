#include "spillway/review/schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace spillway::review {
namespace {

using Json = nlohmann::json;

/// Schemas that refer to themselves follow the value down, or round in a circle.
constexpr int deepest = 64;

class Validator {
public:
    explicit Validator(const Json& root) : root_(root) {}

    [[nodiscard]] bool holds(const Json& value, const Json& schema, int depth) const
    {
        if (schema.is_boolean())
            return schema.get<bool>();
        if (!schema.is_object() || depth > deepest)
            return true;
        return refers(value, schema, depth) && typed(value, schema) && listed(value, schema) &&
               bounded(value, schema) && combined(value, schema, depth) &&
               (!value.is_object() || members(value, schema, depth)) &&
               (!value.is_array() || items(value, schema, depth));
    }

private:
    static bool is(const Json& value, const std::string& type)
    {
        if (type == "object")
            return value.is_object();
        if (type == "array")
            return value.is_array();
        if (type == "string")
            return value.is_string();
        if (type == "boolean")
            return value.is_boolean();
        if (type == "null")
            return value.is_null();
        if (type == "number")
            return value.is_number();
        if (type == "integer")
            return value.is_number_integer() ||
                   (value.is_number_float() &&
                    value.get<double>() == static_cast<double>(static_cast<std::int64_t>(
                                               std::clamp(value.get<double>(), -9e15, 9e15))));
        return true;
    }

    static bool typed(const Json& value, const Json& schema)
    {
        const auto type = schema.find("type");
        if (type == schema.end())
            return true;
        if (type->is_string())
            return is(value, type->get<std::string>());
        return !type->is_array() || std::any_of(type->begin(), type->end(), [&](const Json& each) {
            return each.is_string() && is(value, each.get<std::string>());
        });
    }

    static bool listed(const Json& value, const Json& schema)
    {
        if (const auto only = schema.find("const"); only != schema.end() && value != *only)
            return false;
        const auto among = schema.find("enum");
        return among == schema.end() || !among->is_array() ||
               std::find(among->begin(), among->end(), value) != among->end();
    }

    template <class Holds>
    static bool limit(const Json& schema, const char* name, Holds holds)
    {
        const auto found = schema.find(name);
        return found == schema.end() || !found->is_number() || holds(found->get<double>());
    }

    static bool between(double size, const Json& schema, const char* least, const char* most)
    {
        return limit(schema, least, [&](double bound) { return size >= bound; }) &&
               limit(schema, most, [&](double bound) { return size <= bound; });
    }

    static bool bounded(const Json& value, const Json& schema)
    {
        if (value.is_string()) {
            const auto& text = value.get_ref<const std::string&>();
            const auto letters = std::count_if(text.begin(), text.end(), [](char c) {
                return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
            });
            return between(static_cast<double>(letters), schema, "minLength", "maxLength");
        }
        if (value.is_array())
            return between(static_cast<double>(value.size()), schema, "minItems", "maxItems");
        if (value.is_object())
            return between(static_cast<double>(value.size()), schema, "minProperties",
                           "maxProperties");
        if (!value.is_number())
            return true;
        const auto number = value.get<double>();
        return between(number, schema, "minimum", "maximum") &&
               limit(schema, "exclusiveMinimum", [&](double bound) { return number > bound; }) &&
               limit(schema, "exclusiveMaximum", [&](double bound) { return number < bound; });
    }

    [[nodiscard]] bool refers(const Json& value, const Json& schema, int depth) const
    {
        const auto reference = schema.find("$ref");
        if (reference == schema.end() || !reference->is_string())
            return true;
        const auto& text = reference->get_ref<const std::string&>();
        if (text == "#")
            return holds(value, root_, depth + 1);
        constexpr std::string_view sections[] = {"#/$defs/", "#/definitions/"};
        for (const auto section : sections) {
            if (!text.starts_with(section))
                continue;
            const auto place = root_.find(std::string(section.substr(2, section.size() - 3)));
            if (place == root_.end() || !place->is_object())
                return true;
            const auto found = place->find(text.substr(section.size()));
            return found == place->end() || holds(value, *found, depth + 1);
        }
        return true;
    }

    [[nodiscard]] bool combined(const Json& value, const Json& schema, int depth) const
    {
        const auto fitting = [&](const Json& parts) {
            return std::count_if(parts.begin(), parts.end(),
                                 [&](const Json& part) { return holds(value, part, depth + 1); });
        };
        const auto parts = [&](const char* name) {
            const auto found = schema.find(name);
            return found != schema.end() && found->is_array() ? &*found : nullptr;
        };
        if (const auto* any = parts("anyOf"); any != nullptr && fitting(*any) == 0)
            return false;
        if (const auto* one = parts("oneOf"); one != nullptr && fitting(*one) != 1)
            return false;
        if (const auto* all = parts("allOf");
            all != nullptr && fitting(*all) != static_cast<std::ptrdiff_t>(all->size()))
            return false;
        const auto none = schema.find("not");
        return none == schema.end() || !none->is_object() || !holds(value, *none, depth + 1);
    }

    [[nodiscard]] bool members(const Json& value, const Json& schema, int depth) const
    {
        if (const auto required = schema.find("required");
            required != schema.end() && required->is_array())
            for (const auto& name : *required)
                if (name.is_string() && !value.contains(name.get<std::string>()))
                    return false;
        const auto known = schema.find("properties");
        const auto others = schema.find("additionalProperties");
        for (const auto& [name, inner] : value.items()) {
            const bool is_known =
                known != schema.end() && known->is_object() && known->contains(name);
            if (is_known && !holds(inner, (*known)[name], depth + 1))
                return false;
            if (!is_known && others != schema.end() && !holds(inner, *others, depth + 1))
                return false;
        }
        return true;
    }

    [[nodiscard]] bool items(const Json& value, const Json& schema, int depth) const
    {
        std::size_t first = 0;
        if (const auto tuple = schema.find("prefixItems");
            tuple != schema.end() && tuple->is_array()) {
            for (; first < std::min(tuple->size(), value.size()); ++first)
                if (!holds(value[first], (*tuple)[first], depth + 1))
                    return false;
        }
        const auto each = schema.find("items");
        if (each == schema.end())
            return true;
        for (std::size_t i = first; i < value.size(); ++i)
            if (!holds(value[i], *each, depth + 1))
                return false;
        return true;
    }

    const Json& root_;
};

}  // namespace

bool satisfies(std::string_view value, std::string_view schema)
{
    const auto parsed = Json::parse(value, nullptr, false);
    if (parsed.is_discarded())
        return false;
    const auto rules = Json::parse(schema, nullptr, false);
    return rules.is_discarded() || Validator(rules).holds(parsed, rules, 0);
}

}  // namespace spillway::review
