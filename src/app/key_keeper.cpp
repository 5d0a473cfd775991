#include "spillway/app/key_keeper.hpp"

#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/keys/sqlite_store.hpp"

namespace spillway::app {

namespace {

constexpr Millis between_looks{1'000};

/// What the configuration says about users that say nothing.
keys::Defaults defaults_of(const config::Config& config)
{
    keys::Defaults defaults;
    const auto& budget = config.router.internal_user_budget;
    if (budget.most)
        defaults.internal_user.push_back({*budget.most, config::text_of(budget.period)});
    return defaults;
}

}  // namespace

Result<void> KeyKeeper::open(const std::string& ledger_path, const config::Config& config)
{
    auto store = keys::open_sqlite_store(keys::keys_path(ledger_path));
    if (!store)
        return fail(std::move(store).error());
    book_ = std::make_unique<keys::KeyBook>(
        *std::move(store),
        [this](std::span<const chat::ScopeBudget> caps) { return budgets_.hold(caps); });
    return book_->load(defaults_of(config));
}

void KeyKeeper::follow(const config::Config& config)
{
    book_->follow(defaults_of(config));
}

void KeyKeeper::start()
{
    timer_.expires_after(between_looks);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        const auto looked = book_->catch_up();
        if (!looked && !std::exchange(complained_, true))
            SPILLWAY_ERROR("{}; keys stay as they are known", looked.error().message());
        complained_ = !looked;
        start();
    });
}

}  // namespace spillway::app
