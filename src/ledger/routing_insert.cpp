#include "routing_insert.hpp"

#include <string_view>

#include "storable.hpp"

namespace spillway::ledger {
namespace {

constexpr std::size_t longest_reason = 1'024;
constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_features = 16'384;

void bind_text(sqlite::Statement& statement, int position, std::string_view text, std::size_t limit,
               std::string& own)
{
    if (text.size() <= limit && plain(text)) {
        statement.bind(position, text);
        return;
    }
    own = storable(text, limit);
    statement.bind(position, own);
}

/// Names of routes and rules come from a file, so there are few of them.
void bind_name(sqlite::Statement& statement, int position, const std::string& name, Words& words,
               std::string& own)
{
    if (const auto id = words.id_of(name)) {
        statement.bind(position, *id);
    } else {
        bind_text(statement, position, name, longest_name, own);
    }
}

}  // namespace

Result<RoutingInsert> RoutingInsert::prepare(sqlite::Connection& connection)
{
    auto statement = connection.prepare(
        "INSERT INTO routings (record, route, rule, reason, features, kept_local, scanned, "
        "code_known) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (!statement) {
        return fail(std::move(statement).error());
    }
    RoutingInsert insert;
    insert.statement_ = std::move(*statement);
    return insert;
}

void RoutingInsert::bind(std::int64_t seq, const RouteTaken& taken, Words& words)
{
    statement_.bind(1, seq);
    bind_name(statement_, 2, taken.route, words, route_);
    bind_name(statement_, 3, taken.rule, words, rule_);
    bind_text(statement_, 4, taken.reason, longest_reason, reason_);
    // Cut in the middle it would not be JSON any more; without any it is simply not replayed.
    const bool too_long = taken.features.size() > longest_features;
    bind_text(statement_, 5, too_long ? std::string_view{} : std::string_view{taken.features},
              longest_features, features_);
    statement_.bind(6, std::int64_t{taken.kept_local});
    statement_.bind(7, std::int64_t{taken.scanned});
    statement_.bind(8, std::int64_t{taken.code_known});
}

}  // namespace spillway::ledger
