#include "cubes.hpp"

#include <algorithm>
#include <array>

namespace spillway::ledger {
namespace {

/// A column of sums: its name, and what one record adds to it.
struct Measure {
    std::string_view name;
    std::string_view of_record;
};

constexpr std::array<Measure, sums_column_count> measures{{
    {"requests", "1"},
    {"served", "outcome = 0"},
    {"replayed", "replayed"},
    {"unknown_costs", "cost_nano_usd IS NULL"},
    {"prompt_tokens", "prompt_tokens"},
    {"completion_tokens", "completion_tokens"},
    {"cached_tokens", "cached_tokens"},
    {"cache_write_tokens", "cache_write_tokens"},
    {"cost_usd", "coalesce(cost_nano_usd, 0) / 1000000000"},
    {"cost_nanos", "coalesce(cost_nano_usd, 0) % 1000000000"},
    {"charged_usd", "coalesce(charged_nano_usd, cost_nano_usd, 0) / 1000000000"},
    {"charged_nanos", "coalesce(charged_nano_usd, cost_nano_usd, 0) % 1000000000"},
    {"compared_usd", "iif(reference_nano_usd IS NULL, 0, coalesce(cost_nano_usd, 0)) / 1000000000"},
    {"compared_nanos",
     "iif(reference_nano_usd IS NULL, 0, coalesce(cost_nano_usd, 0)) % 1000000000"},
    {"reference_usd",
     "iif(cost_nano_usd IS NULL, 0, coalesce(reference_nano_usd, 0)) / 1000000000"},
    {"reference_nanos",
     "iif(cost_nano_usd IS NULL, 0, coalesce(reference_nano_usd, 0)) % 1000000000"},
}};

using Kind = CubeColumn::Kind;

constexpr CubeColumn day{Dimension::day, "day", "started / 86400000000", Kind::number};
constexpr CubeColumn key{Dimension::key, "key_hash", "key_hash"};
constexpr CubeColumn team{Dimension::team, "team_id", "team_id"};
constexpr CubeColumn user{Dimension::user, "user_id", "user_id"};
constexpr CubeColumn model{Dimension::model, "model",
                           "CASE upstream_model WHEN 0 THEN model_group ELSE upstream_model END"};

constexpr std::array<CubeColumn, 9> usual_columns{{
    day,
    key,
    team,
    user,
    model,
    {Dimension::group, "model_group", "model_group"},
    {Dimension::deployment, "deployment", "deployment"},
    {Dimension::provider, "provider", "provider"},
    {Dimension::api_base, "api_base", "api_base"},
}};
constexpr std::array<CubeColumn, 6> end_user_columns{{
    day,
    {Dimension::end_user, "end_user", "end_user", Kind::text},
    key,
    team,
    user,
    model,
}};
constexpr std::array<CubeColumn, 6> tag_columns{{
    day,
    {Dimension::tag, "tag", "tag", Kind::text},
    key,
    team,
    user,
    model,
}};

/// Every tag of a record once. What is no JSON has none.
constexpr std::string_view tagged_records =
    "(SELECT DISTINCT each.seq AS tagged, substr(one.value, 1, 256) AS tag FROM main.records AS "
    "each, "
    "json_each(iif(json_valid(each.tags), each.tags, '[]')) AS one "
    "WHERE each.seq BETWEEN ?1 AND ?2 AND each.tags <> '' AND one.type = 'text') "
    "JOIN main.records ON seq = tagged";

constexpr std::array<Cube, 3> all_cubes{{
    {"rollups", "main.records", "", usual_columns},
    {"end_user_rollups", "main.records", "end_user <> ''", end_user_columns},
    {"tag_rollups", tagged_records, "", tag_columns},
}};

std::string joined(std::span<const CubeColumn> columns, std::string_view CubeColumn::* what)
{
    std::string out;
    for (const auto& column : columns)
        out.append(out.empty() ? "" : ", ").append(column.*what);
    return out;
}

/// The records of a cube, with `restriction` for those of ?1 to ?2.
std::string from_records(const Cube& cube, std::string_view restriction)
{
    auto out = " FROM " + std::string(cube.records) + " WHERE " + std::string(restriction);
    if (!cube.where.empty())
        out.append(" AND ").append(cube.where);
    return out;
}

std::string each_measure(std::string_view before, std::string_view Measure::* what,
                         std::string_view behind)
{
    std::string out;
    for (const auto& measure : measures)
        out.append(out.empty() ? "" : ", ").append(before).append(measure.*what).append(behind);
    return out;
}

std::string add_up()
{
    std::string out = " ON CONFLICT DO UPDATE SET ";
    for (const auto& measure : measures) {
        out.append(&measure == measures.data() ? "" : ", ").append(measure.name).append(" = ");
        out.append(measure.name).append(" + excluded.").append(measure.name);
    }
    return out;
}

/// 1, 2, 3, ...: the columns to group by, named by their places.
std::string places(std::size_t count)
{
    std::string out;
    for (std::size_t i = 1; i <= count; ++i)
        out.append(out.empty() ? "" : ", ").append(std::to_string(i));
    return out;
}

}  // namespace

const CubeColumn* Cube::find(Dimension dimension) const
{
    const auto* found = std::find_if(columns.data(), columns.data() + columns.size(),
                                     [&](const auto& each) { return each.dimension == dimension; });
    return found == columns.data() + columns.size() ? nullptr : found;
}

std::span<const Cube> cubes()
{
    return all_cubes;
}

std::string fold_sql(const Cube& cube, std::string_view into)
{
    return "INSERT INTO " + std::string(into) + " SELECT " +
           joined(cube.columns, &CubeColumn::of_record) + ", " +
           each_measure("sum(", &Measure::of_record, ")") +
           from_records(cube, "seq BETWEEN ?1 AND ?2") + " GROUP BY " + places(cube.columns.size());
}

std::string merge_sql(const Cube& cube, std::string_view into, std::string_view from)
{
    return "INSERT INTO " + std::string(into) + " SELECT " +
           joined(cube.columns, &CubeColumn::name) + ", " + measure_names() + " FROM " +
           std::string(from) + " WHERE true" + add_up();
}

std::string single_sums_sql(const Cube& cube)
{
    std::string columns;
    for (const auto& column : cube.columns)
        columns.append(column.of_record).append(" AS ").append(column.name).append(", ");
    for (const auto& measure : measures)
        columns.append(&measure == measures.data() ? "" : ", ")
            .append(measure.of_record)
            .append(" AS ")
            .append(measure.name);
    return "SELECT " + columns + from_records(cube, "seq BETWEEN ?1 AND ?2");
}

std::string retire_sql(std::string_view which)
{
    return "INSERT INTO retired SELECT ?1, started / 86400000000, " +
           each_measure("sum(", &Measure::of_record, ")") +
           " FROM records WHERE seq BETWEEN ?2 AND ?3 AND " + std::string(which) + " GROUP BY 2" +
           add_up();
}

const std::string& sums_columns()
{
    static const std::string columns = each_measure("coalesce(sum(", &Measure::name, "), 0)");
    return columns;
}

const std::string& measure_names()
{
    static const std::string names = each_measure("", &Measure::name, "");
    return names;
}

Sums read_sums(const sqlite::Statement& row, int first_column)
{
    int column = first_column;
    const auto number = [&] { return row.integer(column++); };
    const auto money = [&] {
        Spend spend;
        spend.dollars = number();
        spend.nanos = number();
        return spend;
    };
    Sums sums;
    sums.requests = number();
    sums.served = number();
    sums.replayed = number();
    sums.unknown_costs = number();
    sums.prompt_tokens = number();
    sums.completion_tokens = number();
    sums.cached_tokens = number();
    sums.cache_write_tokens = number();
    sums.cost = money();
    sums.charged = money();
    sums.compared = money();
    sums.reference = money();
    return sums;
}

}  // namespace spillway::ledger
