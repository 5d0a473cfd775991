#include "spillway/postgres/session.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace spillway::postgres {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds connect_patience{5};
/// Shorter than a session's patience, so that the server's word comes first.
constexpr const char* statement_timeout_ms = "30000";

tl::unexpected<Trouble> plain_trouble(std::string message)
{
    return tl::make_unexpected(Trouble{"", std::move(message)});
}

int left_of(steady_clock::time_point deadline)
{
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

}  // namespace

Remedy remedy_for(std::string_view sqlstate)
{
    // Data exception, integrity constraint violation, program limit exceeded: the row's own fault.
    const bool about_the_row =
        sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("54");
    return about_the_row ? Remedy::set_aside : Remedy::try_again;
}

Outcome<Session> Session::connect(const Library& pq, const DatabaseUrl& url, int stop)
{
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : url.parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);

    Session session{pq, url, stop};
    session.connection_.reset(pq.connect_start_params(keywords.data(), values.data(), 0));
    if (!session.connection_) {
        return plain_trouble("out of memory");
    }
    pq.set_notice_processor(session.connection_.get(), [](void*, const char*) {}, nullptr);
    if (auto connected = session.settle_connection(); !connected) {
        return tl::make_unexpected(std::move(connected).error());
    }
    pq.setnonblocking(session.connection_.get(), 1);
    auto bounded =
        session.ask("SELECT set_config('statement_timeout', $1, false)", {statement_timeout_ms});
    if (bounded && !url.search_path.empty()) {
        bounded = session.ask("SELECT set_config('search_path', $1, false)", {url.search_path});
    }
    if (!bounded) {
        return tl::make_unexpected(std::move(bounded).error());
    }
    return session;
}

Outcome<void> Session::settle_connection()
{
    const auto deadline = steady_clock::now() + connect_patience;
    // As libpq's manual has it: wait for writing first, then for what it asks.
    auto next = PGRES_POLLING_WRITING;
    while (pq_->status(connection_.get()) != CONNECTION_BAD) {
        if (next == PGRES_POLLING_OK) {
            return {};
        }
        if (next == PGRES_POLLING_FAILED) {
            break;
        }
        const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (auto waited = wait(events, deadline); !waited) {
            return tl::make_unexpected(std::move(waited).error());
        }
        next = pq_->connect_poll(connection_.get());
    }
    return tl::make_unexpected(trouble());
}

/// Waits for the socket, the stop signal or the deadline.
Outcome<short> Session::wait(short events, Deadline deadline)
{
    for (;;) {
        std::array<pollfd, 2> waiting{pollfd{pq_->socket(connection_.get()), events, 0},
                                      pollfd{stop_, POLLIN, 0}};
        const int ready = ::poll(waiting.data(), waiting.size(), left_of(deadline));
        if (ready < 0 && errno != EINTR) {
            return plain_trouble("cannot wait for PostgreSQL");
        }
        if (waiting[1].revents != 0) {
            return plain_trouble("stopping");
        }
        if (ready > 0 && waiting[0].revents != 0) {
            return waiting[0].revents;
        }
        if (steady_clock::now() >= deadline) {
            return plain_trouble("PostgreSQL at " + url_->place + " does not answer");
        }
    }
}

/// Sends what is to be sent and reads until libpq has a result (or the end of one) to take.
Outcome<void> Session::until_answer()
{
    auto deadline = steady_clock::now() + patience_;
    for (;;) {
        const int unsent = pq_->flush(connection_.get());
        if (unsent < 0) {
            return tl::make_unexpected(trouble());
        }
        if (pq_->is_busy(connection_.get()) == 0) {
            return {};
        }
        const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        auto ready = wait(events, deadline);
        if (!ready) {
            return tl::make_unexpected(std::move(ready).error());
        }
        if ((*ready & ~POLLOUT) != 0) {
            if (pq_->consume_input(connection_.get()) == 0) {
                return tl::make_unexpected(trouble());
            }
            deadline = steady_clock::now() + patience_;
        }
    }
}

/// All results of what was sent last; the first that failed, else the last one.
Outcome<Session::Answer> Session::collect()
{
    auto kept = adopt(nullptr);
    std::optional<Trouble> failed;
    for (;;) {
        if (auto ready = until_answer(); !ready) {
            return tl::make_unexpected(std::move(ready).error());
        }
        auto next = adopt(pq_->get_result(connection_.get()));
        if (!next) {
            break;
        }
        const auto status = pq_->result_status(next.get());
        const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (!good && !failed) {
            failed = trouble(next.get());
        }
        kept = std::move(next);
    }
    if (failed) {
        return tl::make_unexpected(std::move(*failed));
    }
    return kept;
}

Outcome<void> Session::run(const std::string& sql)
{
    if (pq_->send_query(connection_.get(), sql.c_str()) == 0) {
        return tl::make_unexpected(trouble());
    }
    auto answer = collect();
    if (!answer) {
        return tl::make_unexpected(std::move(answer).error());
    }
    return {};
}

Outcome<Session::Answer> Session::answer_to(const std::string& sql,
                                            const std::vector<std::string>& parameters)
{
    std::vector<const char*> values;
    values.reserve(parameters.size());
    for (const auto& parameter : parameters) {
        values.push_back(parameter.c_str());
    }
    if (pq_->send_query_params(connection_.get(), sql.c_str(), static_cast<int>(values.size()),
                               nullptr, values.data(), nullptr, nullptr, 0) == 0) {
        return tl::make_unexpected(trouble());
    }
    return collect();
}

Outcome<std::optional<std::string>> Session::ask(const std::string& sql,
                                                 const std::vector<std::string>& parameters)
{
    auto answer = answer_to(sql, parameters);
    if (!answer) {
        return tl::make_unexpected(std::move(answer).error());
    }
    const auto* rows = answer->get();
    if (rows == nullptr || pq_->ntuples(rows) == 0 || pq_->getisnull(rows, 0, 0) != 0) {
        return std::optional<std::string>{};
    }
    return std::optional<std::string>{pq_->getvalue(rows, 0, 0)};
}

Outcome<std::vector<Row>> Session::rows(const std::string& sql,
                                        const std::vector<std::string>& parameters,
                                        std::size_t most)
{
    auto answer = answer_to(sql, parameters);
    if (!answer) {
        return tl::make_unexpected(std::move(answer).error());
    }
    const auto* table = answer->get();
    const int count = table == nullptr ? 0 : pq_->ntuples(table);
    const int columns = table == nullptr ? 0 : pq_->nfields(table);
    if (static_cast<std::size_t>(count) > most) {
        return plain_trouble("PostgreSQL answered more rows than were asked for");
    }
    std::vector<Row> rows(static_cast<std::size_t>(count));
    for (int row = 0; row < count; ++row) {
        auto& values = rows[static_cast<std::size_t>(row)];
        values.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) {
            if (pq_->getisnull(table, row, column) != 0) {
                values.emplace_back();
            } else {
                const auto length = static_cast<std::size_t>(pq_->getlength(table, row, column));
                values.emplace_back(std::in_place, pq_->getvalue(table, row, column), length);
            }
        }
    }
    return rows;
}

Outcome<void> Session::prepare(const std::string& name, const std::string& sql)
{
    if (pq_->send_prepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr) == 0) {
        return tl::make_unexpected(trouble());
    }
    auto answer = collect();
    if (!answer) {
        return tl::make_unexpected(std::move(answer).error());
    }
    return {};
}

Outcome<std::vector<Verdict>> Session::send(const std::string& statement, std::span<const Row> rows,
                                            Grouping grouping)
{
    auto* connection = connection_.get();
    if (pq_->enter_pipeline_mode(connection) == 0) {
        return tl::make_unexpected(trouble());
    }
    std::vector<const char*> values;
    for (const auto& row : rows) {
        values.clear();
        for (const auto& value : row) {
            values.push_back(value ? value->c_str() : nullptr);
        }
        const bool queued =
            pq_->send_query_prepared(connection, statement.c_str(), static_cast<int>(values.size()),
                                     values.data(), nullptr, nullptr, 0) != 0 &&
            (grouping == Grouping::together || pq_->pipeline_sync(connection) != 0);
        if (!queued) {
            return tl::make_unexpected(trouble());
        }
    }
    if (grouping == Grouping::together && pq_->pipeline_sync(connection) == 0) {
        return tl::make_unexpected(trouble());
    }
    auto verdicts = collect_pipeline(rows.size(), grouping == Grouping::together ? 1 : rows.size());
    if (verdicts && pq_->exit_pipeline_mode(connection) == 0) {
        return tl::make_unexpected(trouble());
    }
    return verdicts;
}

Outcome<std::vector<Verdict>> Session::collect_pipeline(std::size_t rows, std::size_t syncs)
{
    std::vector<Verdict> verdicts;
    verdicts.reserve(rows);
    while (syncs > 0) {
        if (auto ready = until_answer(); !ready) {
            return tl::make_unexpected(std::move(ready).error());
        }
        const auto answer = adopt(pq_->get_result(connection_.get()));
        if (pq_->status(connection_.get()) == CONNECTION_BAD) {
            return tl::make_unexpected(answer ? trouble(answer.get()) : trouble());
        }
        if (!answer) {
            continue;  // The end of one statement's results.
        }
        const auto status = pq_->result_status(answer.get());
        if (status == PGRES_PIPELINE_SYNC) {
            --syncs;
            continue;
        }
        if (verdicts.size() == rows) {
            return tl::make_unexpected(trouble(answer.get()));  // The commit itself failed.
        }
        const bool stored = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        verdicts.push_back(stored ? Verdict{} : Verdict{trouble(answer.get())});
    }
    if (verdicts.size() != rows) {
        return plain_trouble("PostgreSQL answered fewer statements than were sent");
    }
    return verdicts;
}

bool Session::alive()
{
    return pq_->consume_input(connection_.get()) != 0 &&
           pq_->status(connection_.get()) == CONNECTION_OK;
}

std::vector<std::string> Session::take_notifications()
{
    std::vector<std::string> payloads;
    while (auto* const notification = pq_->notifies(connection_.get())) {
        payloads.emplace_back(notification->extra);
        pq_->freemem(notification);
    }
    return payloads;
}

Trouble Session::trouble() const
{
    return {"", url_->without_secrets(pq_->error_message(connection_.get()))};
}

Trouble Session::trouble(const PGresult* answer) const
{
    const char* state = pq_->result_error_field(answer, PG_DIAG_SQLSTATE);
    const char* primary = pq_->result_error_field(answer, PG_DIAG_MESSAGE_PRIMARY);
    if (primary == nullptr) {
        primary = pq_->result_status(answer) == PGRES_PIPELINE_ABORTED
                      ? "an earlier row was refused"
                      : pq_->result_error_message(answer);
    }
    return {state == nullptr ? "" : state, url_->without_secrets(primary)};
}

}  // namespace spillway::postgres
