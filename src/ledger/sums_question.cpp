#include "sums_question.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <unordered_map>

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

/// The names and sums of one group.
struct Group {
    std::vector<std::string> names;
    Sums sums;
};

/// Rows added up by the columns that are asked for. Tables of sums are read in their own order and
/// are wide: a hash of the few columns costs less than having SQLite sort whole rows on disk.
class Groups {
public:
    /// The group of the row, which begins with `columns` columns to group by.
    /// @param names  Called for the first row of a group.
    template <class Names>
    Group& of(const sqlite::Statement& row, std::size_t columns, const Names& names)
    {
        key_.clear();
        for (std::size_t i = 0; i < columns; ++i)
            append(row, static_cast<int>(i));
        // Neighbours often belong together.
        if (last_ != nullptr && last_->first == key_)
            return last_->second;
        const auto [found, fresh] = groups_.try_emplace(key_);
        if (fresh)
            found->second.names = names();
        last_ = &*found;
        return found->second;
    }

    [[nodiscard]] std::size_t size() const { return groups_.size(); }

    /// Takes all of it, sorted by name. One name may stand in two forms, as a word and as itself.
    [[nodiscard]] std::map<std::vector<std::string>, Sums> take()
    {
        last_ = nullptr;
        std::map<std::vector<std::string>, Sums> sorted;
        while (!groups_.empty()) {
            auto node = groups_.extract(groups_.begin());
            sorted[std::move(node.mapped().names)] += node.mapped().sums;
        }
        return sorted;
    }

private:
    /// A value such that different values, and values of different types, differ.
    void append(const sqlite::Statement& row, int column)
    {
        const bool number = row.type(column) == SQLITE_INTEGER;
        const auto text = number ? std::string_view{} : row.text(column);
        const auto value = number ? row.integer(column) : static_cast<std::int64_t>(text.size());
        key_.push_back(number ? 'n' : 't');
        key_.append(reinterpret_cast<const char*>(&value), sizeof(value)).append(text);
    }

    using Table = std::unordered_map<std::string, Group>;
    Table groups_;
    Table::value_type* last_ = nullptr;
    std::string key_;
};

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

/// Adds the rows of one part up.
Result<void> read_part(LedgerReader& reader, const SumsQuery& query, const Cube& cube,
                       SumsPart part, std::int64_t mark, Groups& groups)
{
    auto statement = reader.prepare(sums_sql(query, cube, part));
    if (!statement)
        return fail(std::move(statement).error());
    if (auto bound = bind_names(*statement, query, cube, reader); !bound)
        return bound;
    statement->bind(1, mark + 1);
    statement->bind(2, std::numeric_limits<std::int64_t>::max());
    statement->bind(3, query.first);
    statement->bind(4, query.last);
    const auto columns = query.by.size();
    int code = statement->step();
    for (; code == SQLITE_ROW; code = statement->step()) {
        auto& group = groups.of(*statement, columns, [&] {
            std::vector<std::string> names;
            names.reserve(columns);
            for (std::size_t i = 0; i < columns; ++i)
                names.push_back(
                    name_of(*statement, static_cast<int>(i), *cube.find(query.by[i]), reader));
            return names;
        });
        group.sums += read_sums(*statement, static_cast<int>(columns));
        if (groups.size() > most_rows)
            return fail(Errc::invalid_request, "the answer would be too long; narrow its dates");
    }
    return code == SQLITE_DONE ? Result<void>{} : fail(reader.failed());
}

}  // namespace

std::string sums_sql(const SumsQuery& query, const Cube& cube, SumsPart part)
{
    std::string names;
    for (const auto dimension : query.by)
        names.append(cube.find(dimension)->name).append(", ");
    std::string where = " WHERE day BETWEEN ?3 AND ?4";
    int next = first_name;
    for (const auto& only : query.only)
        where += restriction(*cube.find(only.dimension), only.names.size(), next);
    const auto rows =
        part == SumsPart::rolled_up ? std::string(cube.table) : "(" + single_sums_sql(cube) + ")";
    return "SELECT " + names + measure_names() + " FROM " + rows + where;
}

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
    const Moment moment(reader.connection());
    const auto mark = reader.connection().number("SELECT through_seq FROM rollup_mark");
    if (!moment.sound() || !mark)
        return fail(reader.failed());
    Groups groups;
    for (const auto part : {SumsPart::rolled_up, SumsPart::behind_mark})
        if (auto read = read_part(reader, query, *cube, part, *mark, groups); !read)
            return fail(std::move(read).error());
    auto sorted = groups.take();
    std::vector<SumsRow> rows;
    rows.reserve(sorted.size());
    while (!sorted.empty()) {
        auto node = sorted.extract(sorted.begin());
        if (node.mapped().requests > 0)
            rows.push_back({std::move(node.key()), node.mapped()});
    }
    return rows;
}

}  // namespace spillway::ledger
