#include "sums_question.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "cubes.hpp"

namespace spillway::ledger {
namespace {

constexpr std::size_t most_rows = 200'000;
constexpr int first_name = 5;  ///< ?1 to ?4 are the range of records and of days.

/// Both the sums and the mark that they reach to are read of one moment.
class Moment {
public:
    explicit Moment(sqlite::Connection& connection) : connection_(connection)
    {
        sound_ = connection_.run("BEGIN").has_value();
    }
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;
    ~Moment() { (void)connection_.run("ROLLBACK"); }
    [[nodiscard]] bool sound() const { return sound_; }

private:
    sqlite::Connection& connection_;
    bool sound_ = false;
};

bool has_all(const Cube& cube, const SumsQuery& query)
{
    const auto known = [&](Dimension dimension) { return cube.find(dimension) != nullptr; };
    return std::all_of(query.by.begin(), query.by.end(), known) &&
           std::all_of(query.only.begin(), query.only.end(),
                       [&](const auto& only) { return known(only.dimension); });
}

/// `name IN (?5, ?6)` with two parameters for each name of a word: its id, and the text itself.
std::string restriction(const CubeColumn& column, std::size_t names, int& next)
{
    const int each = column.kind == CubeColumn::Kind::word ? 2 : 1;
    std::string places;
    for (int left = static_cast<int>(names) * each; left > 0; --left)
        places.append(places.empty() ? "?" : ", ?").append(std::to_string(next++));
    return " AND " + std::string(column.name) + " IN (" + places + ")";
}

std::string sql_of(const SumsQuery& query, const Cube& cube)
{
    std::string names;
    std::string groups;
    for (std::size_t i = 0; i < query.by.size(); ++i) {
        names.append(cube.find(query.by[i])->name).append(", ");
        groups.append(i == 0 ? " GROUP BY " : ", ").append(std::to_string(i + 1));
    }
    std::string where = " WHERE day BETWEEN ?3 AND ?4";
    int next = first_name;
    for (const auto& only : query.only)
        where += restriction(*cube.find(only.dimension), only.names.size(), next);
    return "SELECT " + names + sums_columns() + " FROM (" + all_sums_sql(cube) + ")" + where +
           groups;
}

Result<void> bind_names(sqlite::Statement& statement, const SumsQuery& query, const Cube& cube,
                        LedgerReader& reader)
{
    int next = first_name;
    for (const auto& only : query.only) {
        const bool words = cube.find(only.dimension)->kind == CubeColumn::Kind::word;
        for (const auto& name : only.names) {
            if (words) {
                const auto id = name.empty() ? Result<std::int64_t>{0} : reader.word_id(name);
                if (!id)
                    return fail(id.error());
                statement.bind(next++, *id);
            }
            statement.bind(next++, name);
        }
    }
    return {};
}

std::string name_of(const sqlite::Statement& row, int column, const CubeColumn& of,
                    LedgerReader& reader)
{
    switch (of.kind) {
        case CubeColumn::Kind::number:
            return day_text(row.integer(column));
        case CubeColumn::Kind::text:
            return std::string{row.text(column)};
        case CubeColumn::Kind::word:
            break;
    }
    return reader.word(row, column);
}

}  // namespace

Result<std::vector<SumsRow>> ask_sums(LedgerReader& reader, const SumsQuery& query)
{
    const auto all = cubes();
    const auto cube = std::find_if(all.begin(), all.end(),
                                   [&](const Cube& each) { return has_all(each, query); });
    if (cube == all.end())
        return fail(Errc::invalid_request, "there are no sums by all of these together");
    const bool nothing = std::any_of(query.only.begin(), query.only.end(),
                                     [](const auto& only) { return only.names.empty(); });
    if (nothing)
        return std::vector<SumsRow>{};
    auto statement = reader.prepare(sql_of(query, *cube));
    if (!statement)
        return fail(std::move(statement).error());
    if (auto bound = bind_names(*statement, query, *cube, reader); !bound)
        return fail(std::move(bound).error());
    const Moment moment(reader.connection());
    const auto mark = reader.connection().number("SELECT through_seq FROM rollup_mark");
    if (!moment.sound() || !mark)
        return fail(reader.failed());
    statement->bind(1, *mark + 1);
    statement->bind(2, std::numeric_limits<std::int64_t>::max());
    statement->bind(3, query.first);
    statement->bind(4, query.last);

    // One name may stand in two forms, as a word and as itself.
    std::map<std::vector<std::string>, Sums> merged;
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < query.by.size(); ++i)
            names.push_back(
                name_of(*statement, static_cast<int>(i), *cube->find(query.by[i]), reader));
        merged[std::move(names)] += read_sums(*statement, static_cast<int>(query.by.size()));
        if (merged.size() > most_rows)
            return fail(Errc::invalid_request, "the answer would be too long; narrow its dates");
    }
    if (code != SQLITE_DONE)
        return fail(reader.failed());
    std::vector<SumsRow> rows;
    rows.reserve(merged.size());
    while (!merged.empty()) {
        auto node = merged.extract(merged.begin());
        if (node.mapped().requests > 0)
            rows.push_back({std::move(node.key()), node.mapped()});
    }
    return rows;
}

}  // namespace spillway::ledger
