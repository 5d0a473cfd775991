#pragma once

#include <libpq-fe.h>

#include <sys/types.h>
#include <memory>
#include <string>

namespace spillway::postgres::testing {

/// A private PostgreSQL in a temporary folder: TCP on a free loopback port, no fsync, ended with
/// the test executable. Throws, so that a test fails, when PostgreSQL is not installed.
class PostgresServer {
public:
    /// The one of this executable, running; made at first use.
    static PostgresServer& shared();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;
    ~PostgresServer();

    void start();
    /// `pg_ctl stop -m immediate`: connections are cut, nothing is tidied up.
    void stop_at_once();
    /// Stops every process of the server in the middle of whatever it does.
    void freeze();
    void thaw();

    /// Makes an empty database. @return Its name.
    std::string make_database();
    [[nodiscard]] std::string url(const std::string& database) const;
    /// The first value that `sql` gives; "(null)", or "(error: ...)".
    std::string value(const std::string& database, const std::string& sql) const;

private:
    PostgresServer();
    void signal_all(int signal) const;

    std::string programs_;
    std::string folder_;
    int port_ = 0;
    pid_t postmaster_ = -1;
};

}  // namespace spillway::postgres::testing
