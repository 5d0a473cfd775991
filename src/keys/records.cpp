#include "spillway/keys/records.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "spillway/base/text.hpp"

namespace spillway::keys {
namespace {

using Json = nlohmann::json;

// The members of each record, once for both directions. What is at its default is not written.

template <class Visitor>
void members(Visitor& visit, chat::Cap& cap)
{
    visit("most", cap.most);
    visit("period", cap.period);
}
template <class Visitor>
void members(Visitor& visit, chat::Opening& opening)
{
    visit("at", opening.at);
    visit("spent", opening.spent);
}
template <class Visitor>
void members(Visitor& visit, ModelCap& cap)
{
    visit("model", cap.model);
    visit("cap", cap.cap);
}
template <class Visitor>
void members(Visitor& visit, FormerToken& former)
{
    visit("token", former.token);
    visit("until", former.until);
}
template <class Visitor>
void members(Visitor& visit, Allowance& allowance)
{
    visit("max_budget", allowance.max_budget);
    visit("soft_budget", allowance.soft_budget);
    visit("budget_duration", allowance.budget_duration);
    visit("budget_limits", allowance.budget_limits);
    visit("model_max_budget", allowance.model_max_budget);
    visit("tpm_limit", allowance.tpm_limit);
    visit("rpm_limit", allowance.rpm_limit);
    visit("max_parallel_requests", allowance.max_parallel_requests);
    visit("model_rpm_limit", allowance.model_rpm_limit);
    visit("model_tpm_limit", allowance.model_tpm_limit);
}
template <class Visitor>
void members(Visitor& visit, Traces& traces)
{
    visit("created_at", traces.created_at);
    visit("created_by", traces.created_by);
    visit("updated_at", traces.updated_at);
    visit("updated_by", traces.updated_by);
}
/// What all records have that somebody may spend by.
template <class Visitor, class Record>
void spending_members(Visitor& visit, Record& record)
{
    visit("budget_id", record.budget_id);
    visit("allowance", record.allowance);
    visit("opening", record.opening);
}
/// What all records have that nobody else reads.
template <class Visitor, class Record>
void common_members(Visitor& visit, Record& record)
{
    visit("traces", record.traces);
    visit("other", record.other);
}
template <class Visitor>
void members(Visitor& visit, Key& key)
{
    visit("account", key.account);
    visit("key_name", key.key_name);
    visit("key_alias", key.key_alias);
    visit("user_id", key.user_id);
    visit("team_id", key.team_id);
    spending_members(visit, key);
    visit("temp_budget_increase", key.temp_budget_increase);
    visit("temp_budget_expiry", key.temp_budget_expiry);
    visit("models", key.models);
    visit("aliases", key.aliases);
    visit("allowed_routes", key.allowed_routes);
    visit("key_type", key.key_type);
    visit("tags", key.tags);
    visit("metadata", key.metadata);
    visit("expires", key.expires);
    visit("blocked", key.blocked);
    visit("stay_local", key.stay_local);
    visit("former", key.former);
    common_members(visit, key);
}
template <class Visitor>
void members(Visitor& visit, Member& member)
{
    visit("user_id", member.user_id);
    visit("user_email", member.user_email);
    visit("role", member.role);
    spending_members(visit, member);
}
template <class Visitor>
void members(Visitor& visit, Team& team)
{
    visit("team_alias", team.team_alias);
    spending_members(visit, team);
    visit("each_member", team.each_member);
    visit("models", team.models);
    visit("model_aliases", team.model_aliases);
    visit("members", team.members);
    visit("tags", team.tags);
    visit("metadata", team.metadata);
    visit("blocked", team.blocked);
    visit("stay_local", team.stay_local);
    common_members(visit, team);
}
template <class Visitor>
void members(Visitor& visit, User& user)
{
    visit("user_email", user.user_email);
    visit("user_alias", user.user_alias);
    visit("user_role", user.user_role);
    spending_members(visit, user);
    visit("models", user.models);
    visit("teams", user.teams);
    visit("metadata", user.metadata);
    common_members(visit, user);
}
template <class Visitor>
void members(Visitor& visit, Customer& customer)
{
    visit("alias", customer.alias);
    spending_members(visit, customer);
    visit("blocked", customer.blocked);
    common_members(visit, customer);
}
template <class Visitor>
void members(Visitor& visit, BudgetRow& row)
{
    visit("allowance", row.allowance);
    common_members(visit, row);
}
template <class Visitor>
void members(Visitor& visit, Tag& tag)
{
    visit("description", tag.description);
    visit("models", tag.models);
    spending_members(visit, tag);
    common_members(visit, tag);
}

/// Only to ask whether a type has members.
struct Nobody {
    template <class Value>
    void operator()(const char*, const Value&)
    {}
};
template <class Part>
concept Described = requires(Nobody& nobody, Part& part) { members(nobody, part); };

/// Money is written in nano-dollars, moments in microseconds since 1970.
class Writer {
public:
    template <class Value>
    void operator()(const char* name, const Value& value)
    {
        if (!(value == Value{}))
            out_[name] = of(value);
    }

    static Json of(bool value) { return value; }
    static Json of(std::int64_t value) { return value; }
    static Json of(const std::string& value) { return value; }
    static Json of(NanoUsd value) { return count(value); }
    static Json of(WallTime value) { return value.time_since_epoch().count(); }
    template <class A, class B>
    static Json of(const std::pair<A, B>& pair)
    {
        return Json::array({of(pair.first), of(pair.second)});
    }
    template <class Value>
    static Json of(const std::optional<Value>& value)
    {
        return value ? of(*value) : Json();
    }
    template <class Part>
    static Json of(const std::vector<Part>& list)
    {
        Json out = Json::array();
        for (const auto& part : list)
            out.push_back(of(part));
        return out;
    }
    template <Described Part>
    static Json of(Part part)
    {
        Writer writer;
        members(writer, part);
        return std::move(writer.out_);
    }

private:
    Json out_ = Json::object();
};

/// Each `take` tells whether the value was one of its type.
class Reader {
public:
    explicit Reader(const Json& json) : json_(json), sound_(json.is_object()) {}

    template <class Value>
    void operator()(const char* name, Value& value)
    {
        if (!sound_)
            return;
        const auto found = json_.find(name);
        if (found != json_.end())
            sound_ = take(*found, value);
    }

    static bool take(const Json& json, bool& value)
    {
        value = json.is_boolean() && json.get<bool>();
        return json.is_boolean();
    }
    static bool take(const Json& json, std::int64_t& value)
    {
        value = json.is_number_integer() ? json.get<std::int64_t>() : 0;
        return json.is_number_integer();
    }
    static bool take(const Json& json, std::string& value)
    {
        value = json.is_string() ? json.get<std::string>() : std::string();
        return json.is_string();
    }
    static bool take(const Json& json, NanoUsd& value)
    {
        std::int64_t number = 0;
        const bool sound = take(json, number);
        value = NanoUsd{number};
        return sound;
    }
    static bool take(const Json& json, WallTime& value)
    {
        std::int64_t number = 0;
        const bool sound = take(json, number);
        value = WallTime{WallTime::duration{number}};
        return sound;
    }
    template <class A, class B>
    static bool take(const Json& json, std::pair<A, B>& pair)
    {
        return json.is_array() && json.size() == 2 && take(json[0], pair.first) &&
               take(json[1], pair.second);
    }
    template <class Value>
    static bool take(const Json& json, std::optional<Value>& value)
    {
        return take(json, value.emplace());
    }
    template <class Part>
    static bool take(const Json& json, std::vector<Part>& list)
    {
        return json.is_array() && std::all_of(json.begin(), json.end(), [&list](const Json& each) {
                   return take(each, list.emplace_back());
               });
    }
    template <Described Part>
    static bool take(const Json& json, Part& part)
    {
        Reader reader(json);
        members(reader, part);
        return reader.sound_;
    }

private:
    const Json& json_;
    bool sound_;
};

constexpr std::array<std::pair<Kind, std::string_view>, 6> kinds{{
    {Kind::key, "key"},
    {Kind::team, "team"},
    {Kind::user, "user"},
    {Kind::customer, "customer"},
    {Kind::budget, "budget"},
    {Kind::tag, "tag"},
}};

// What a record is called by, of whichever kind.
std::string& id(Key& key)
{
    return key.token;
}
std::string& id(Team& team)
{
    return team.team_id;
}
std::string& id(User& user)
{
    return user.user_id;
}
std::string& id(Customer& customer)
{
    return customer.user_id;
}
std::string& id(BudgetRow& row)
{
    return row.budget_id;
}
std::string& id(Tag& tag)
{
    return tag.name;
}

Record empty_record(Kind kind)
{
    switch (kind) {
        case Kind::key:
            return Key{};
        case Kind::team:
            return Team{};
        case Kind::user:
            return User{};
        case Kind::customer:
            return Customer{};
        case Kind::budget:
            return BudgetRow{};
        case Kind::tag:
            return Tag{};
    }
    return Key{};
}

}  // namespace

std::string_view word(Kind kind)
{
    return kinds[static_cast<std::size_t>(kind)].second;
}

std::optional<Kind> parse_kind(std::string_view word)
{
    const auto found = std::find_if(kinds.begin(), kinds.end(),
                                    [word](const auto& each) { return each.second == word; });
    return found == kinds.end() ? std::nullopt : std::optional(found->first);
}

Kind kind_of(const Record& record)
{
    return static_cast<Kind>(record.index());
}
static_assert(
    std::is_same_v<std::variant_alternative_t<static_cast<std::size_t>(Kind::tag), Record>, Tag>,
    "the kinds stand in the order of the records");

const std::string& id_of(const Record& record)
{
    return std::visit(
        [](const auto& each) -> const std::string& {
            using Each = std::remove_cvref_t<decltype(each)>;
            return id(const_cast<Each&>(each));
        },
        record);
}

Version version_of(const Record& record)
{
    return std::visit([](const auto& each) { return each.version; }, record);
}

std::string encode(const Record& record)
{
    return std::visit([](const auto& each) { return Writer::of(each); }, record)
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Record> decode(Kind kind, std::string name, Version version, std::string_view body)
{
    const auto json = Json::parse(body, nullptr, false);
    auto record = empty_record(kind);
    const bool sound = std::visit([&json](auto& each) { return Reader::take(json, each); }, record);
    if (!sound)
        return fail(Errc::io_error, "the stored " + std::string(word(kind)) + " '" +
                                        printable(name, 80) + "' is no record of this version");
    std::visit(
        [&](auto& each) {
            id(each) = std::move(name);
            each.version = version;
        },
        record);
    return record;
}

}  // namespace spillway::keys
