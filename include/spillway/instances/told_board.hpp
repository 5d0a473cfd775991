#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/ledger/told.hpp"
#include "spillway/postgres/dialer.hpp"

namespace spillway::instances {

/// Where instances see what one of them has told already. Blocking, for about 10 s at most; one
/// thread. Connects when it is asked.
class ToldBoard {
public:
    /// @param stop  Raised: every wait ends.
    ToldBoard(Secret database_url, std::shared_ptr<EventDescriptor> stop)
        : dialer_(std::move(database_url)), stop_(std::move(stop))
    {}

    /// Takes it upon this instance to tell them: no other one will.
    /// @return The positions of those that nobody had taken; trouble when nobody can say. Then some
    ///         may be taken nevertheless.
    [[nodiscard]] postgres::Outcome<std::vector<std::size_t>> claim(
        std::span<const ledger::Tiding> tidings);

private:
    [[nodiscard]] postgres::Outcome<void> connect();
    [[nodiscard]] postgres::Outcome<std::vector<std::size_t>> put(
        std::span<const ledger::Tiding> tidings);

    postgres::Dialer dialer_;
    std::shared_ptr<EventDescriptor> stop_;
    std::optional<postgres::Session> session_;
};

}  // namespace spillway::instances
