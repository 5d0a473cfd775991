#include <algorithm>
#include <string>
#include <utility>

#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/text.hpp"
#include "spillway/keys/litellm_tables.hpp"
#include "spillway/postgres/session.hpp"

namespace spillway::keys::litellm {

namespace {

constexpr std::size_t rows_at_once = 500;
constexpr std::size_t most_rows = 1'000'000;
constexpr std::size_t most_columns = 1'000;

Error trouble_with(const postgres::Trouble& trouble, const std::string& table)
{
    return {Errc::database_unavailable, "PostgreSQL, " +
                                            (table.empty() ? std::string("connecting") : table) +
                                            ": " + trouble.message};
}

/// The types of the columns that the table has, as the search path finds it; empty when there is no
/// such table.
Result<TableRow> columns_of(postgres::Session& session, const TableShape& shape)
{
    constexpr const char* question =
        "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped";
    const auto rows = session.rows(question, {shape.name}, most_columns);
    if (!rows)
        return fail(trouble_with(rows.error(), shape.name));
    TableRow types;
    for (const auto& row : *rows)
        types.emplace(row[0].value_or(""), row[1].value_or(""));
    return types;
}

std::string quoted(const char* name)
{
    return "\"" + std::string(name) + "\"";
}

/// What is selected for one column. Names are those of this program, never of the database.
std::string expression(const Column& column, const std::string& type)
{
    const auto name = quoted(column.name);
    if (column.form == Form::moment && type.starts_with("timestamp"))
        return "(extract(epoch FROM " + name + ") * 1000000)::bigint::text";
    if (column.form == Form::list)
        return "to_json(" + name + ")::text";
    return name + "::text";
}

/// One page of a table, behind a row that is named by as many parameters as it has ids.
std::string page_question(const TableShape& shape, const std::vector<const Column*>& columns,
                          const TableRow& types)
{
    std::string selected;
    for (const auto* column : columns)
        selected += (selected.empty() ? "" : ", ") + expression(*column, types.at(column->name));
    std::string ids;
    std::string behind;
    for (const auto* id : shape.ids) {
        ids += (ids.empty() ? "" : ", ") + quoted(id) + "::text";
        behind += (behind.empty() ? "$" : ", $") +
                  std::to_string(1 + std::count(behind.begin(), behind.end(), '$'));
    }
    return "SELECT " + selected + " FROM " + quoted(shape.name) + " WHERE (" + ids + ") > (" +
           behind + ") ORDER BY " + ids + " LIMIT " + std::to_string(rows_at_once);
}

Result<std::vector<TableRow>> rows_of(postgres::Session& session, const TableShape& shape,
                                      const TableRow& types)
{
    std::vector<const Column*> columns;
    for (const auto& column : shape.columns)
        if (types.contains(column.name))
            columns.push_back(&column);
    const auto question = page_question(shape, columns, types);
    std::vector<std::string> behind(shape.ids.size());
    std::vector<TableRow> out;
    for (;;) {
        const auto page = session.rows(question, behind, rows_at_once);
        if (!page)
            return fail(trouble_with(page.error(), shape.name));
        for (const auto& values : *page) {
            TableRow row;
            for (std::size_t i = 0; i < columns.size(); ++i)
                if (values[i])
                    row.emplace(columns[i]->name, *values[i]);
            out.push_back(std::move(row));
        }
        if (page->size() < rows_at_once)
            return out;
        if (out.size() > most_rows)
            return fail(Errc::bad_config, std::string(shape.name) +
                                              " has more than a million "
                                              "rows.");
        for (std::size_t i = 0; i < behind.size(); ++i)
            behind[i] = out.back().at(shape.ids[i]);
    }
}

Result<void> read_table(postgres::Session& session, const Reading& reading, Tables& tables)
{
    const auto& shape = *reading.shape;
    const auto types = columns_of(session, shape);
    if (!types)
        return fail(types.error());
    if (types->empty()) {
        if (&shape == &key_table())
            return fail(Errc::bad_config,
                        "The database has no table LiteLLM_VerificationToken. Name LiteLLM's own, "
                        "with ?schema=... when it is not in the search path.");
        tables.missing.emplace_back(shape.name);
        return {};
    }
    for (const auto* id : shape.ids)
        if (!types->contains(id))
            return fail(Errc::bad_config, std::string(shape.name) + " has no column " + id +
                                              ": this is no LiteLLM that is known here.");
    auto rows = rows_of(session, shape, *types);
    if (!rows)
        return fail(std::move(rows).error());
    tables.*reading.rows = *std::move(rows);
    return {};
}

}  // namespace

Result<Tables> read_tables(const Secret& database_url)
{
    const auto pq = postgres::Library::load();
    if (!pq)
        return fail(pq.error());
    const auto url = postgres::read_database_url(*pq, database_url);
    if (!url)
        return fail(url.error());
    const EventDescriptor never;
    auto session = postgres::Session::connect(*pq, *url, never.descriptor());
    if (!session)
        return fail(trouble_with(session.error(), ""));
    // One moment's state: keys and the teams they are in belong together.
    if (const auto begun = session->run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); !begun)
        return fail(trouble_with(begun.error(), ""));
    Tables tables;
    for (const auto& reading : readings())
        if (auto read = read_table(*session, reading, tables); !read)
            return fail(std::move(read).error());
    return tables;
}

}  // namespace spillway::keys::litellm
