#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "spillway/app/budget_book.hpp"
#include "spillway/config/config.hpp"
#include "spillway/instances/key_watch.hpp"
#include "spillway/keys/key_book.hpp"
#include "spillway/keys/key_memory.hpp"

namespace spillway::app {

/// Keeps the keys in force: opens their store, and looks whether another process has written to it:
/// every second where that is a file (an import), on a thread of its own where instances share
/// keys. Control thread.
class KeyKeeper {
public:
    /// @param budgets  Holds the keys' caps; outlives the keeper.
    KeyKeeper(boost::asio::io_context& control, BudgetBook& budgets)
        : timer_(control), budgets_(budgets)
    {}

    enum class Place : std::uint8_t { file, database };
    /// All keys with what they have spent: before anybody is served. A database that cannot be
    /// reached is waited for later: until then nobody can say which keys there are.
    [[nodiscard]] Result<void> open(Place place, const std::string& ledger_path,
                                    const config::Config& config);
    /// A new configuration holds.
    void follow(const config::Config& config);
    void start();
    /// Nothing new comes into force any more.
    void stop() { watch_.reset(); }

    /// Once it is open; any thread.
    [[nodiscard]] keys::KeyBook& book() { return *book_; }

private:
    [[nodiscard]] Result<void> open_shared(std::unique_ptr<keys::Store> file,
                                           const std::string& path, const config::Config& config);
    [[nodiscard]] Result<Millis> recall(std::optional<keys::KeyMemory::Recalled> known,
                                        const config::Config& config);

    boost::asio::steady_timer timer_;
    BudgetBook& budgets_;
    std::unique_ptr<keys::KeyBook> book_;
    std::optional<instances::KeyWatch::Parts> watching_;  ///< Until `start`.
    std::unique_ptr<instances::KeyWatch> watch_;          ///< Ends before the book.
    bool complained_ = false;
};

}  // namespace spillway::app
