#include "spillway/ledger/charges.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "record_row.hpp"
#include "retired_charges.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

using chat::ScopeKind;

/// A clock that is set back puts records of an earlier start behind later ones; this much of it is
/// looked through.
constexpr std::chrono::hours clock_margin{1};

std::int64_t sum(std::int64_t a, std::int64_t b)
{
    std::int64_t result = 0;
    return __builtin_add_overflow(a, b, &result) ? std::numeric_limits<std::int64_t>::max()
                                                 : result;
}

/// The columns of the scan. The first five are always read.
enum Column : int {
    id,
    at,
    charge,
    key,
    team,
    user,
    group,
    deployment,
    provider,
    end_user,
    tags,
};
constexpr const char* scan =
    "SELECT id, coalesce(charged_at, started), coalesce(charged_nano_usd, cost_nano_usd), "
    "key_hash, team_id, user_id, model_group, deployment, provider, end_user, tags "
    "FROM records WHERE seq BETWEEN ?1 AND ?2 AND coalesce(charged_nano_usd, cost_nano_usd) > 0";

/// The sums of one kind of scope: by the word's number where the ledger has one, else by text.
class Sums {
public:
    struct Asked {
        std::int64_t from;
        std::size_t place;
    };

    void ask(const std::string& name, std::int64_t word, Asked asked)
    {
        by_text_[name].push_back(asked);
        if (word >= 0)
            by_word_[word].push_back(asked);
    }
    [[nodiscard]] bool empty() const { return by_text_.empty(); }
    [[nodiscard]] const std::vector<Asked>* find(const sqlite::Statement& row, int column) const
    {
        if (row.type(column) == SQLITE_INTEGER) {
            const auto found = by_word_.find(row.integer(column));
            return found != by_word_.end() ? &found->second : nullptr;
        }
        return find(std::string(row.text(column)));
    }
    [[nodiscard]] const std::vector<Asked>* find(const std::string& name) const
    {
        const auto found = by_text_.find(name);
        return found != by_text_.end() ? &found->second : nullptr;
    }

private:
    std::unordered_map<std::int64_t, std::vector<Asked>> by_word_;
    std::unordered_map<std::string, std::vector<Asked>> by_text_;
};

class Scan {
public:
    Scan(sqlite::Connection& connection, const ChargesQuestion& question)
        : connection_(connection),
          question_(question),
          but_(question.but.begin(), question.but.end())
    {
        out_.scopes.resize(question.scopes.size());
        for (const auto moment : question.end_users_since)
            end_user_from_.push_back(moment.time_since_epoch().count());
    }

    Result<Charges> run()
    {
        if (auto ready = prepare(); !ready)
            return fail(std::move(ready).error());
        auto first = first_row();
        if (!first)
            return fail(std::move(first).error());
        auto last = last_row();
        if (!last)
            return fail(std::move(last).error());
        auto rows = connection_.prepare(scan);
        if (!rows)
            return fail(std::move(rows).error());
        rows->bind(1, *first);
        rows->bind(2, *last);
        int code = rows->step();
        for (; code == SQLITE_ROW; code = rows->step())
            take(*rows);
        if (code != SQLITE_DONE)
            return fail(connection_.error("summing charges"));
        if (auto added = add_retired(); !added)
            return fail(std::move(added).error());
        return std::move(out_);
    }

private:
    /// What was taken out by age belongs to the periods that never end.
    Result<void> add_retired()
    {
        for (std::size_t i = 0; i < question_.scopes.size(); ++i) {
            const auto& [scope, from, period] = question_.scopes[i];
            if (period == ChargesQuestion::Period::ends)
                continue;
            auto charge = retired_charge(connection_, scope);
            if (!charge)
                return fail(std::move(charge).error());
            out_.scopes[i] = NanoUsd{sum(count(out_.scopes[i]), count(*charge))};
        }
        const auto begins = std::find(end_user_from_.begin(), end_user_from_.end(), 0);
        if (begins == end_user_from_.end())
            return {};
        auto charges = retired_end_user_charges(connection_);
        if (!charges)
            return fail(std::move(charges).error());
        const auto place = static_cast<std::size_t>(begins - end_user_from_.begin());
        for (const auto& [name, charge] : *charges) {
            auto& sums = out_.end_users[name];
            sums.resize(end_user_from_.size());
            sums[place] = NanoUsd{sum(count(sums[place]), count(charge))};
        }
        return {};
    }

    Result<void> prepare()
    {
        auto lookup = connection_.prepare("SELECT id FROM words WHERE text = ?1");
        auto reader = RecordReader::open(connection_);
        if (!lookup || !reader)
            return fail(connection_.error("reading words"));
        reader_.emplace(std::move(*reader));
        for (std::size_t i = 0; i < question_.scopes.size(); ++i) {
            const auto& [scope, from, period] = question_.scopes[i];
            std::int64_t word = scope.name.empty() ? 0 : -1;
            const sqlite::Running running{*lookup};
            lookup->bind(1, scope.name);
            if (lookup->step() == SQLITE_ROW)
                word = lookup->integer(0);
            sums_[static_cast<std::size_t>(scope.kind)].ask(scope.name, word,
                                                            {from.time_since_epoch().count(), i});
        }
        return {};
    }

    /// Where the earliest moment can begin. Behind it nothing is left out: what a clock that was
    /// set back has put there belongs to the later period.
    Result<std::int64_t> first_row()
    {
        auto from = std::numeric_limits<std::int64_t>::max();
        for (const auto& each : question_.scopes)
            from = std::min(from, each.from.time_since_epoch().count());
        for (const auto moment : end_user_from_)
            from = std::min(from, moment);
        const auto margin = std::chrono::microseconds{clock_margin}.count();
        return connection_.number(
            "SELECT coalesce((SELECT min(first_seq) FROM blocks WHERE max_started >= " +
            std::to_string(from > margin ? from - margin : 0) +
            "), (SELECT coalesce(max(last_seq), 0) + 1 FROM blocks))");
    }

    /// The last row that may have been charged before the end that is asked for.
    Result<std::int64_t> last_row()
    {
        constexpr auto all = std::numeric_limits<std::int64_t>::max();
        if (!question_.until)
            return all;
        const auto until = question_.until->time_since_epoch() + clock_margin;
        const auto later =
            std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(until).count());
        return connection_.number(
            "SELECT coalesce((SELECT max(last_seq) FROM blocks WHERE "
            "min_started < " +
            later +
            " AND EXISTS (SELECT 1 FROM blocks "
            "WHERE min_started >= " +
            later + ")), " + std::to_string(all) + ")");
    }

    void take(const sqlite::Statement& row)
    {
        ++out_.rows;
        const auto time = row.integer(Column::at);
        if (question_.until && time >= question_.until->time_since_epoch().count())
            return;
        out_.latest = std::max(out_.latest, WallTime{WallTime::duration{time}});
        if (!but_.empty() && but_.contains(id_of(row.text(Column::id))))
            return;
        const auto amount = row.integer(Column::charge);
        const auto add = [&](const std::vector<Sums::Asked>* asked) {
            if (asked == nullptr)
                return;
            for (const auto& each : *asked)
                if (time >= each.from)
                    out_.scopes[each.place] = NanoUsd{sum(count(out_.scopes[each.place]), amount)};
        };
        static const std::string whole;
        add(of(ScopeKind::proxy).find(whole));
        constexpr std::array<std::pair<ScopeKind, Column>, 7> columns{{
            {ScopeKind::key, Column::key},
            {ScopeKind::team, Column::team},
            {ScopeKind::user, Column::user},
            {ScopeKind::group, Column::group},
            {ScopeKind::deployment, Column::deployment},
            {ScopeKind::provider, Column::provider},
            {ScopeKind::end_user, Column::end_user},
        }};
        for (const auto& [kind, column] : columns)
            if (!of(kind).empty())
                add(of(kind).find(row, column));
        if (!of(ScopeKind::member).empty())
            add(of(ScopeKind::member)
                    .find(reader_->word(row, Column::team) + "/" +
                          reader_->word(row, Column::user)));
        if (!of(ScopeKind::key_model).empty())
            add(of(ScopeKind::key_model)
                    .find(reader_->word(row, Column::key) + "/" +
                          reader_->word(row, Column::group)));
        if (!of(ScopeKind::tag).empty())
            for (const auto& tag : tags_of(row.text(Column::tags)))
                add(of(ScopeKind::tag).find(tag));
        if (!end_user_from_.empty())
            take_end_user(row, time, amount);
    }

    void take_end_user(const sqlite::Statement& row, std::int64_t time, std::int64_t amount)
    {
        const auto name = row.text(Column::end_user);
        if (name.empty())
            return;
        auto& sums = out_.end_users[std::string(name)];
        sums.resize(end_user_from_.size());
        for (std::size_t i = 0; i < end_user_from_.size(); ++i)
            if (time >= end_user_from_[i])
                sums[i] = NanoUsd{sum(count(sums[i]), amount)};
    }

    /// Each once, as a request pays once for a tag that it names twice.
    static std::set<std::string> tags_of(std::string_view json)
    {
        std::set<std::string> tags;
        if (json.empty())
            return tags;
        const auto list = nlohmann::json::parse(json, nullptr, false);
        if (list.is_array())
            for (const auto& tag : list)
                if (tag.is_string())
                    tags.insert(tag.get<std::string>());
        return tags;
    }

    [[nodiscard]] const Sums& of(ScopeKind kind) const
    {
        return sums_[static_cast<std::size_t>(kind)];
    }

    sqlite::Connection& connection_;
    const ChargesQuestion& question_;
    const std::set<RequestId> but_;
    std::array<Sums, static_cast<std::size_t>(ScopeKind::key_model) + 1> sums_;
    std::vector<std::int64_t> end_user_from_;
    std::optional<RecordReader> reader_;
    Charges out_;
};

/// Writes openings in one transaction.
class OpeningsWriter {
public:
    OpeningsWriter(sqlite::Connection& connection, WallTime now)
        : connection_(connection), young_(now - std::chrono::hours{1})
    {}

    Result<void> write(std::span<const Opened> openings)
    {
        auto put = connection_.prepare(
            "INSERT INTO openings VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = excluded.at "
            "WHERE excluded.at > at");
        auto drop = connection_.prepare(
            "DELETE FROM retired_charges WHERE scope = ?1 AND (name = ?2 OR name = (SELECT id FROM "
            "words WHERE text = ?2))");
        if (!put || !drop || !connection_.run("BEGIN IMMEDIATE"))
            return fail(connection_.error("writing openings"));
        bool written = true;
        for (const auto& opened : openings)
            written = written && write(opened, *put, *drop);
        if (written && connection_.run("COMMIT"))
            return {};
        auto error = connection_.error("writing openings");
        if (sqlite3_get_autocommit(connection_.raw()) == 0)
            (void)connection_.run("ROLLBACK");
        return fail(std::move(error));
    }

private:
    bool write(const Opened& opened, sqlite::Statement& put, sqlite::Statement& drop)
    {
        const sqlite::Running putting{put};
        const sqlite::Running dropping{drop};
        const auto kind = retired_word(opened.scope.kind);
        put.bind(1, kind);
        put.bind(2, opened.scope.name);
        put.bind(3, opened.at.time_since_epoch().count());
        if (put.step() != SQLITE_DONE)
            return false;
        if (sqlite3_changes(connection_.raw()) == 0 || opened.at < young_)
            return true;
        drop.bind(1, kind);
        drop.bind(2, opened.scope.name);
        return drop.step() == SQLITE_DONE;
    }

    sqlite::Connection& connection_;
    const WallTime young_;
};

}  // namespace

Result<WallTime> latest_charge(const std::string& ledger_path)
{
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::read);
    if (!connection)
        return fail(Errc::ledger_unavailable, connection.error().message());
    // What a block's records were charged at is never later than the latest of their starts and of
    // those before: a charge is only moved to a moment that was seen.
    const auto latest = connection->number(
        "SELECT max(coalesce((SELECT max(max_started) FROM blocks), 0), "
        "coalesce((SELECT max(max(started, coalesce(charged_at, 0))) FROM records WHERE seq > "
        "(SELECT coalesce(max(last_seq), 0) FROM blocks)), 0))");
    if (!latest)
        return fail(Errc::ledger_unavailable, latest.error().message());
    return WallTime{WallTime::duration{*latest}};
}

Result<void> note_openings(const std::string& ledger_path, std::span<const Opened> openings,
                           WallTime now)
{
    if (openings.empty())
        return {};
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::write);
    if (!connection)
        return fail(Errc::ledger_unavailable, connection.error().message());
    OpeningsWriter writer(*connection, now);
    if (auto written = writer.write(openings); !written)
        return fail(Errc::ledger_unavailable, written.error().message());
    return {};
}

Result<Charges> charges_since(const std::string& ledger_path, const ChargesQuestion& question)
{
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::read);
    if (!connection)
        return fail(Errc::ledger_unavailable, connection.error().message());
    // One look at one state: the words and the rows must belong together.
    if (auto begun = connection->run("BEGIN"); !begun)
        return fail(Errc::ledger_unavailable, begun.error().message());
    auto charges = Scan(*connection, question).run();
    if (!charges)
        return fail(Errc::ledger_unavailable, charges.error().message());
    return charges;
}

}  // namespace spillway::ledger
