#include <array>
#include <string>
#include <string_view>

#include "record_row.hpp"
#include "spillway/base/text.hpp"
#include "verify_parts.hpp"

namespace spillway::ledger::verification {
namespace {

/// Columns of `records` that hold words.
constexpr std::array<std::string_view, 11> word_columns{
    "call_type",      "key_hash", "asked_model", "model_group", "deployment", "provider",
    "upstream_model", "api_base", "error",       "team_id",     "user_id"};
constexpr std::int64_t rows_at_once = 4'096;

/// How many rows of a page hold a word that there is none of.
Result<void> check_words(sqlite::Connection& connection, const Extent& extent, Verdict& verdict)
{
    std::string lost;
    for (const auto column : word_columns) {
        const std::string name{column};
        lost += lost.empty() ? "" : " OR ";
        lost += "(typeof(" + name + ") = 'integer' AND " + name + " <> 0 AND " + name +
                " NOT IN (SELECT id FROM words))";
    }
    auto page = connection.prepare(
        "SELECT count(*), min(seq) FROM records WHERE seq BETWEEN ?1 "
        "AND ?2 AND (" +
        lost + ")");
    if (!page)
        return fail(std::move(page).error());
    for (std::int64_t first = 1; first <= extent.last_seq; first += rows_at_once) {
        const sqlite::Running running{*page};
        page->bind(1, first);
        page->bind(2, std::min(first + rows_at_once - 1, extent.last_seq));
        if (page->step() != SQLITE_ROW)
            return fail(connection.error("reading"));
        if (page->integer(0) != 0)
            note(verdict, "words",
                 "row " + std::to_string(page->integer(1)) + " and " +
                     std::to_string(page->integer(0) - 1) +
                     " behind it name words that are not there");
    }
    return {};
}

Result<void> check_shipping(sqlite::Connection& connection, const Extent& extent, Verdict& verdict)
{
    const auto marks = connection.number("SELECT count(*) FROM shipped");
    const auto through = connection.number("SELECT through_seq FROM shipped");
    if (!marks || !through)
        return fail(connection.error("reading"));
    verdict.shipped = *through;
    // A record may have been written and shipped since the extent was taken.
    const auto newest = connection.number(
        "SELECT max(coalesce((SELECT max(seq) FROM records), 0), "
        "(SELECT through_seq FROM rollup_mark))");
    if (!newest)
        return fail(newest.error());
    if (*marks != 1 || *through < 0 || *through > std::max(*newest, extent.last_seq))
        note(verdict, "shipped",
             "the mark is at row " + std::to_string(*through) + ", and the last row is " +
                 std::to_string(*newest));
    auto set_aside = connection.prepare(
        "SELECT quarantine.seq, sqlstate, quarantine.error, records.id FROM quarantine "
        "LEFT JOIN records USING (seq) ORDER BY quarantine.seq");
    if (!set_aside)
        return fail(std::move(set_aside).error());
    int code = set_aside->step();
    for (; code == SQLITE_ROW; code = set_aside->step()) {
        const auto seq = set_aside->integer(0);
        if (set_aside->is_null(3)) {
            note(verdict, "quarantine",
                 "row " + std::to_string(seq) + " is set aside and not there");
            continue;
        }
        verdict.quarantined.push_back(id_of(set_aside->text(3)).text() + ": " +
                                      printable(set_aside->text(1)) + ", " +
                                      printable(set_aside->text(2)));
        if (seq > *through)
            note(verdict, "quarantine",
                 "row " + std::to_string(seq) + " is set aside, and the shipper was not there yet");
    }
    return code == SQLITE_DONE ? Result<void>{} : fail(connection.error("reading"));
}

}  // namespace

Result<void> check_references(sqlite::Connection& connection, const Extent& extent,
                              Verdict& verdict)
{
    if (auto looked = check_words(connection, extent, verdict); !looked)
        return looked;
    const auto strays = connection.number(
        "SELECT count(*) FROM routings WHERE record NOT IN (SELECT seq FROM records)");
    if (!strays)
        return fail(strays.error());
    if (*strays != 0)
        note(verdict, "routings", std::to_string(*strays) + " belong to no record");
    return check_shipping(connection, extent, verdict);
}

}  // namespace spillway::ledger::verification
