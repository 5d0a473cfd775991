#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "spillway/app/budget_book.hpp"
#include "spillway/config/config.hpp"
#include "spillway/keys/key_book.hpp"

namespace spillway::app {

/// Keeps the keys in force: opens their store, and looks every second whether another process (an
/// import) has written to it. Control thread.
class KeyKeeper {
public:
    /// @param budgets  Holds the keys' caps; outlives the keeper.
    KeyKeeper(boost::asio::io_context& control, BudgetBook& budgets)
        : timer_(control), budgets_(budgets)
    {}

    /// All keys with what they have spent: before anybody is served.
    [[nodiscard]] Result<void> open(const std::string& ledger_path, const config::Config& config);
    /// A new configuration holds.
    void follow(const config::Config& config);
    void start();

    /// Once it is open; any thread.
    [[nodiscard]] keys::KeyBook& book() { return *book_; }

private:
    boost::asio::steady_timer timer_;
    BudgetBook& budgets_;
    std::unique_ptr<keys::KeyBook> book_;
    bool complained_ = false;
};

}  // namespace spillway::app
