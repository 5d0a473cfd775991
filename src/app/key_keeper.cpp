#include "spillway/app/key_keeper.hpp"

#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/keys/move_records.hpp"
#include "spillway/keys/postgres_store.hpp"
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

Result<void> KeyKeeper::open(Place place, const std::string& ledger_path,
                             const config::Config& config)
{
    auto file = keys::open_sqlite_store(keys::keys_path(ledger_path));
    if (!file)
        return fail(std::move(file).error());
    if (place == Place::database)
        return open_shared(*std::move(file), config);
    book_ = std::make_unique<keys::KeyBook>(
        *std::move(file),
        [this](std::span<const chat::ScopeBudget> caps) { return budgets_.hold(caps); });
    return book_->load(defaults_of(config));
}

/// What is in the file is moved to the database, now or when it can be reached.
Result<void> KeyKeeper::open_shared(std::unique_ptr<keys::Store> file, const config::Config& config)
{
    const auto& url = *config.general.database_url;
    auto stop = std::make_shared<EventDescriptor>();
    auto store = keys::make_postgres_store(url, stop);
    if (const auto moved = keys::move_records(*file, *store); moved && *moved > 0)
        SPILLWAY_INFO("keys: moved {} records from this instance's file to PostgreSQL", *moved);
    book_ = std::make_unique<keys::KeyBook>(
        std::move(store),
        [this](std::span<const chat::ScopeBudget> caps) { return budgets_.hold(caps); });
    if (const auto loaded = book_->load(defaults_of(config)); !loaded) {
        if (loaded.error().code() != Errc::database_unavailable)
            return loaded;
        SPILLWAY_WARN("{}; until then keys get 503", loaded.error().message());
        book_->set_state(keys::State::unsure);
    }
    watching_.emplace(instances::KeyWatch::Parts{url, std::move(stop), *book_, std::move(file),
                                                 config.instances.key_memory});
    return {};
}

void KeyKeeper::follow(const config::Config& config)
{
    book_->follow(defaults_of(config));
}

void KeyKeeper::start()
{
    if (watching_) {
        watch_ = std::make_unique<instances::KeyWatch>(*std::exchange(watching_, std::nullopt));
        return;
    }
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
