#pragma once

#include <optional>

#include "spillway/base/secret.hpp"
#include "spillway/postgres/session.hpp"

namespace spillway::postgres {

/// Opens sessions by one URL, and owns what they refer to: it outlives them. One thread at a time.
class Dialer {
public:
    explicit Dialer(Secret database_url) : database_url_(std::move(database_url)) {}

    /// Loads libpq and reads the URL the first time that works; connects within 5 s.
    /// @param stop  Descriptor that becomes readable when all waits of the session shall end.
    [[nodiscard]] Outcome<Session> dial(int stop);

private:
    Secret database_url_;
    std::optional<Library> pq_;
    std::optional<DatabaseUrl> url_;
};

}  // namespace spillway::postgres
