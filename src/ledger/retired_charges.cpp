#include "retired_charges.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace spillway::ledger {
namespace {

using chat::ScopeKind;

/// How records name a scope of some kind.
struct Naming {
    ScopeKind kind;
    std::string_view word;  ///< In the table.
    std::string_view name;  ///< SQL: a word's number, or a text.
    std::string_view from = "records";
    std::string_view where = "true";
};

constexpr std::string_view tagged =
    "(SELECT DISTINCT each.seq AS tagged, one.value AS tag FROM records AS each, "
    "json_each(iif(json_valid(each.tags), each.tags, '[]')) AS one "
    "WHERE each.seq BETWEEN ?2 AND ?3 AND each.tags <> '' AND one.type = 'text') "
    "JOIN records ON seq = tagged";

constexpr std::array<Naming, 11> namings{{
    {ScopeKind::proxy, "proxy", "0"},
    {ScopeKind::provider, "provider", "provider"},
    {ScopeKind::deployment, "deployment", "deployment"},
    {ScopeKind::group, "group", "model_group"},
    {ScopeKind::key, "key", "key_hash"},
    {ScopeKind::team, "team", "team_id"},
    {ScopeKind::user, "user", "user_id"},
    {ScopeKind::member, "member",
     "coalesce((SELECT text FROM words WHERE id = team_id), team_id) || '/' || "
     "coalesce((SELECT text FROM words WHERE id = user_id), user_id)",
     "records", "team_id <> 0 AND user_id <> 0"},
    {ScopeKind::end_user, "end_user", "end_user", "records", "end_user <> ''"},
    {ScopeKind::tag, "tag", "tag", tagged},
    {ScopeKind::key_model, "key_model",
     "coalesce((SELECT text FROM words WHERE id = key_hash), key_hash) || '/' || "
     "coalesce((SELECT text FROM words WHERE id = model_group), model_group)",
     "records", "key_hash <> 0 AND model_group <> 0"},
}};

constexpr std::string_view charge = "coalesce(charged_nano_usd, cost_nano_usd, 0)";
constexpr std::int64_t nanos_per_usd = 1'000'000'000;

/// The sum of dollars and of nano-dollars, at most what fits.
NanoUsd bounded(std::int64_t dollars, std::int64_t nanos)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    dollars += nanos / nanos_per_usd;
    return dollars >= most / nanos_per_usd
               ? NanoUsd{most}
               : NanoUsd{dollars * nanos_per_usd + nanos % nanos_per_usd};
}

}  // namespace

std::vector<std::string> retire_charges_sql(std::string_view which)
{
    std::vector<std::string> statements;
    for (const auto& naming : namings) {
        std::string sql = "INSERT INTO retired_charges SELECT '";
        sql.append(naming.word).append("', ").append(naming.name).append(", sum(");
        sql.append(charge).append(" / 1000000000), sum(").append(charge);
        sql.append(" % 1000000000) FROM ").append(naming.from);
        sql.append(" WHERE seq BETWEEN ?2 AND ?3 AND ").append(which).append(" AND ");
        sql.append(naming.where);
        sql.append(
            " AND coalesce(charged_at, started) >= coalesce((SELECT at FROM openings WHERE ");
        sql.append("openings.scope = '").append(naming.word).append("' AND openings.name = ");
        sql.append("CASE typeof(").append(naming.name).append(") WHEN 'integer' THEN ");
        sql.append("(SELECT text FROM words WHERE words.id = ").append(naming.name);
        sql.append(") ELSE ").append(naming.name).append(" END), 0)");
        sql.append(" GROUP BY 2 ON CONFLICT DO UPDATE SET ");
        sql.append("charged_usd = charged_usd + excluded.charged_usd, ");
        sql.append("charged_nanos = charged_nanos + excluded.charged_nanos");
        statements.push_back(std::move(sql));
    }
    return statements;
}

std::string_view retired_word(ScopeKind kind)
{
    const auto found = std::find_if(namings.begin(), namings.end(),
                                    [kind](const Naming& naming) { return naming.kind == kind; });
    return found == namings.end() ? std::string_view() : found->word;
}

Result<NanoUsd> retired_charge(sqlite::Connection& connection, const chat::Scope& scope)
{
    auto sum = connection.prepare(
        "SELECT coalesce(sum(charged_usd), 0), coalesce(sum(charged_nanos), 0) FROM "
        "retired_charges WHERE scope = ?1 AND (name = ?2 OR name = (SELECT id FROM words WHERE "
        "text = ?2) OR (?2 = '' AND name = 0))");
    if (!sum)
        return fail(std::move(sum).error());
    sum->bind(1, retired_word(scope.kind));
    sum->bind(2, scope.name);
    if (sum->step() != SQLITE_ROW)
        return fail(connection.error("summing charges"));
    return bounded(sum->integer(0), sum->integer(1));
}

Result<std::vector<std::pair<std::string, NanoUsd>>> retired_end_user_charges(
    sqlite::Connection& connection)
{
    auto rows = connection.prepare(
        "SELECT name, charged_usd, charged_nanos FROM retired_charges WHERE scope = 'end_user'");
    if (!rows)
        return fail(std::move(rows).error());
    std::vector<std::pair<std::string, NanoUsd>> charges;
    int code = rows->step();
    for (; code == SQLITE_ROW; code = rows->step())
        charges.emplace_back(rows->text(0), bounded(rows->integer(1), rows->integer(2)));
    if (code != SQLITE_DONE)
        return fail(connection.error("summing charges"));
    return charges;
}

}  // namespace spillway::ledger
