#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
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

    /// Takes it upon this instance to tell them: no other one will, as long as this one renews its
    /// claim or marks them.
    /// @return The positions of those that nobody had taken; trouble when nobody can say. Then some
    ///         may be taken nevertheless.
    [[nodiscard]] postgres::Outcome<std::vector<std::size_t>> claim(
        std::span<const ledger::Notice> notices);
    /// They are told.
    [[nodiscard]] postgres::Outcome<void> mark(std::span<const ledger::Tiding> tidings);
    /// This instance is still at it.
    [[nodiscard]] postgres::Outcome<void> renew(std::span<const ledger::Tiding> tidings);
    /// Takes upon this instance what nobody has marked or renewed for so long; 64 at most.
    [[nodiscard]] postgres::Outcome<std::vector<ledger::Notice>> take_over(
        std::chrono::seconds age);

private:
    [[nodiscard]] postgres::Outcome<void> connect();
    [[nodiscard]] postgres::Outcome<std::vector<std::size_t>> put(
        std::span<const ledger::Notice> notices);
    [[nodiscard]] postgres::Outcome<void> update(std::string_view change,
                                                 std::span<const ledger::Tiding> tidings);

    /// The answer of `ask`, once more over a new connection where the one there was may have been
    /// idle, and closed, for hours.
    template <class Ask>
    [[nodiscard]] auto asked(const Ask& ask) -> decltype(ask())
    {
        const bool fresh = !session_;
        for (bool last = fresh;; last = true) {
            auto connected = connect();
            if (!connected)
                return tl::make_unexpected(std::move(connected).error());
            auto answer = ask();
            if (answer)
                return answer;
            session_.reset();
            if (last)
                return answer;
        }
    }

    postgres::Dialer dialer_;
    std::shared_ptr<EventDescriptor> stop_;
    std::optional<postgres::Session> session_;
};

}  // namespace spillway::instances
