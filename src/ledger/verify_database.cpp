#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "record_row.hpp"
#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/sums.hpp"
#include "spillway/postgres/session.hpp"
#include "verify_parts.hpp"

namespace spillway::ledger::verification {
namespace {

constexpr std::int64_t rows_at_once = 1'000;
constexpr std::size_t most_named = 20;
constexpr std::int64_t nanos_per_usd = 1'000'000'000;

/// Other daemons ship to the same table, so it is asked for the ids that are ours. One value:
/// how many, their costs in dollars and nano-dollars, and the ids that are missing.
constexpr const char* question =
    "SELECT (SELECT count(*) || ' ' || coalesce(sum(div(cost_nano_usd, 1000000000)), 0) || ' ' || "
    "coalesce(sum(mod(cost_nano_usd, 1000000000)), 0) FROM spillway_spend_logs "
    "WHERE request_id = ANY($1::text[])) || ' ' || coalesce((SELECT string_agg(id, ',') FROM "
    "unnest($1::text[]) AS id WHERE NOT EXISTS (SELECT 1 FROM spillway_spend_logs WHERE "
    "request_id = id)), '')";

/// What some rows come to, here or there.
struct Part {
    std::int64_t rows = 0;
    Spend spend;
    std::vector<std::string> missing;
};

Error database_trouble(const std::string& message)
{
    return {Errc::database_unavailable, "PostgreSQL: " + message};
}

std::int64_t number(std::string_view& text)
{
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(std::min(text.size(), std::min(text.find(' '), text.size() - 1) + 1));
    return value;
}

Part part_of(std::string_view answer)
{
    Part part;
    part.rows = number(answer);
    Spend spend;
    spend.dollars = number(answer);
    spend.nanos = number(answer);
    part.spend += spend;
    while (!answer.empty()) {
        const auto comma = std::min(answer.find(','), answer.size());
        part.missing.emplace_back(answer.substr(0, comma));
        answer.remove_prefix(std::min(answer.size(), comma + 1));
    }
    return part;
}

/// The ids of one page as an array of PostgreSQL, with what they come to here.
struct Page {
    std::string ids;
    Part here;
    std::int64_t last = 0;
};

Result<Page> next_page(sqlite::Connection& connection, sqlite::Statement& rows, std::int64_t behind,
                       std::int64_t through)
{
    const sqlite::Running running{rows};
    rows.bind(1, behind);
    rows.bind(2, through);
    rows.bind(3, rows_at_once);
    Page page;
    int code = rows.step();
    for (; code == SQLITE_ROW; code = rows.step()) {
        page.last = rows.integer(0);
        page.ids.append(page.ids.empty() ? "{" : ",").append(id_of(rows.text(1)).text());
        const auto cost = rows.integer(2);
        page.here.spend += Spend{cost / nanos_per_usd, cost % nanos_per_usd};
        ++page.here.rows;
    }
    if (code != SQLITE_DONE)
        return fail(connection.error("reading"));
    page.ids += page.ids.empty() ? "{}" : "}";
    return page;
}

Result<void> compare(sqlite::Connection& connection, postgres::Session& session, Verdict& verdict)
{
    auto rows = connection.prepare(
        "SELECT seq, id, coalesce(cost_nano_usd, 0) FROM records WHERE seq > ?1 AND seq <= ?2 AND "
        "seq NOT IN (SELECT seq FROM quarantine) ORDER BY seq LIMIT ?3");
    if (!rows)
        return fail(std::move(rows).error());
    Part here;
    Part there;
    for (std::int64_t behind = 0;;) {
        const auto page = next_page(connection, *rows, behind, verdict.shipped);
        if (!page)
            return fail(page.error());
        if (page->here.rows == 0)
            break;
        behind = page->last;
        const auto answer = session.ask(question, {page->ids});
        if (!answer)
            return fail(database_trouble(answer.error().message));
        auto part = part_of(answer->value_or(""));
        here.rows += page->here.rows;
        here.spend += page->here.spend;
        there.rows += part.rows;
        there.spend += part.spend;
        for (auto& id : part.missing)
            if (there.missing.size() < most_named)
                there.missing.push_back(std::move(id));
    }
    verdict.compared_rows = here.rows;
    for (const auto& id : there.missing)
        note(verdict, "database", "PostgreSQL lacks " + id + ", which it had confirmed");
    if (there.rows != here.rows)
        note(verdict, "database",
             "PostgreSQL has " + std::to_string(there.rows) + " of " + std::to_string(here.rows) +
                 " rows");
    else if (there.spend.json() != here.spend.json())
        note(verdict, "database",
             "the costs are " + here.spend.json() + " USD here and " + there.spend.json() +
                 " USD in PostgreSQL");
    return {};
}

}  // namespace

Result<void> check_database(sqlite::Connection& connection, const Secret& url, Verdict& verdict)
{
    const auto pq = postgres::Library::load();
    if (!pq)
        return fail(pq.error());
    const auto place = postgres::read_database_url(*pq, url);
    if (!place)
        return fail(place.error());
    const EventDescriptor never;
    auto session = postgres::Session::connect(*pq, *place, never.descriptor());
    if (!session)
        return fail(database_trouble(session.error().message));
    return compare(connection, *session, verdict);
}

}  // namespace spillway::ledger::verification
