#pragma once

#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "spillway/postgres/database_url.hpp"
#include "spillway/postgres/library.hpp"

/// One connection to PostgreSQL in which every wait is bounded and ends when the shipper stops.
namespace spillway::postgres {

/// What a SQLSTATE asks of us.
enum class Remedy : std::uint8_t {
    try_again,  ///< The server, the network, a failover: a new connection, later.
    set_aside,  ///< This row will never be accepted (22xxx, 23xxx, 54xxx).
};
[[nodiscard]] Remedy remedy_for(std::string_view sqlstate);

/// Why a call did not do its work.
struct Trouble {
    std::string sqlstate;  ///< Empty when the server did not say.
    std::string message;   ///< Without secrets.
};
template <class T>
using Outcome = tl::expected<T, Trouble>;

/// The parameters or the values of one row; empty means NULL.
using Row = std::vector<std::optional<std::string>>;

/// How a batch is committed: all rows at once, or each for itself, to find the one that is refused.
enum class Grouping : std::uint8_t { together, singly };

/// What became of a row; empty means that the server has it.
using Verdict = std::optional<Trouble>;

class Session {
public:
    /// Connects within 5 s. The session refers to `pq` and `url` as long as it lives.
    /// @param stop  Descriptor that becomes readable when all waits shall end.
    [[nodiscard]] static Outcome<Session> connect(const Library& pq, const DatabaseUrl& url,
                                                  int stop);

    /// Runs one or several statements without parameters.
    [[nodiscard]] Outcome<void> run(const std::string& sql);
    /// The first value of the answer; empty for NULL and for no row.
    [[nodiscard]] Outcome<std::optional<std::string>> ask(
        const std::string& sql, const std::vector<std::string>& parameters);
    /// All rows of the answer, each with its values in the order of the columns. libpq holds the
    /// whole answer, so the statement names its own LIMIT: more than `most` rows are an error.
    [[nodiscard]] Outcome<std::vector<Row>> rows(const std::string& sql,
                                                 const std::vector<std::string>& parameters,
                                                 std::size_t most);
    [[nodiscard]] Outcome<void> prepare(const std::string& name, const std::string& sql);

    /// Sends all rows to a prepared statement in pipeline mode, without waiting in between.
    /// @return One verdict per row; `Trouble` when the connection did not survive.
    [[nodiscard]] Outcome<std::vector<Verdict>> send(const std::string& statement,
                                                     std::span<const Row> rows, Grouping grouping);

    /// Readable when the server closes or says something unasked; then ask `alive`.
    [[nodiscard]] int descriptor() const { return pq_->socket(connection_.get()); }
    [[nodiscard]] bool alive();
    /// What `LISTEN` brought since the last time: the payload of each notification.
    [[nodiscard]] std::vector<std::string> take_notifications();
    /// How long the server may be silent within a call; 35 s when nobody says otherwise.
    void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

private:
    using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;
    using Deadline = std::chrono::steady_clock::time_point;

    Session(const Library& pq, const DatabaseUrl& url, int stop)
        : pq_(&pq), connection_(nullptr, pq.finish), url_(&url), stop_(stop)
    {}
    [[nodiscard]] Answer adopt(PGresult* result) const { return {result, pq_->clear}; }
    [[nodiscard]] Outcome<Answer> answer_to(const std::string& sql,
                                            const std::vector<std::string>& parameters);
    [[nodiscard]] Outcome<void> settle_connection();
    [[nodiscard]] Outcome<short> wait(short events, Deadline deadline);
    [[nodiscard]] Outcome<void> until_answer();
    [[nodiscard]] Outcome<Answer> collect();
    [[nodiscard]] Outcome<std::vector<Verdict>> collect_pipeline(std::size_t rows,
                                                                 std::size_t syncs);
    [[nodiscard]] Trouble trouble() const;
    [[nodiscard]] Trouble trouble(const PGresult* answer) const;

    const Library* pq_;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
    const DatabaseUrl* url_;
    int stop_;
    std::chrono::milliseconds patience_{35'000};
};

}  // namespace spillway::postgres
