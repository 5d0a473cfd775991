#include "spillway/app/key_keeper.hpp"

#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/keys/move_records.hpp"
#include "spillway/keys/postgres_store.hpp"
#include "spillway/keys/sqlite_store.hpp"

namespace spillway::app {

namespace {

constexpr Millis between_looks{1'000};

/// What the configuration says about users and end users that say nothing.
keys::Defaults defaults_of(const config::Config& config)
{
    keys::Defaults defaults;
    const auto& budget = config.router.internal_user_budget;
    if (budget.most)
        defaults.internal_user.push_back({*budget.most, config::text_of(budget.period)});
    defaults.end_user_budget = config.router.end_user_budget_id;
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
        return open_shared(*std::move(file), keys::keys_path(ledger_path), config);
    book_ = std::make_unique<keys::KeyBook>(
        *std::move(file),
        [this](std::span<const chat::ScopeBudget> caps) { return budgets_.hold(caps); });
    return book_->load(defaults_of(config));
}

/// What is in the file is moved to the database, now or when it can be reached.
Result<void> KeyKeeper::open_shared(std::unique_ptr<keys::Store> file, const std::string& path,
                                    const config::Config& config)
{
    const auto& url = *config.general.database_url;
    auto stop = std::make_shared<EventDescriptor>();
    auto store = keys::make_postgres_store(url, stop);
    if (const auto moved = keys::move_records(*file, *store); moved && *moved > 0)
        SPILLWAY_INFO("keys: moved {} records from this instance's file to PostgreSQL", *moved);
    auto memory = keys::KeyMemory::open(path);
    if (!memory)
        return fail(std::move(memory).error());
    // Read first: what the store says takes its place.
    auto recalled = (*memory)->recall();
    if (!recalled)
        return fail(std::move(recalled).error());
    book_ = std::make_unique<keys::KeyBook>(
        keys::make_remembered_store(std::move(store), *std::move(memory)),
        [this](std::span<const chat::ScopeBudget> caps) { return budgets_.hold(caps); });
    Millis silent{0};
    if (const auto loaded = book_->load(defaults_of(config)); !loaded) {
        if (loaded.error().code() != Errc::database_unavailable)
            return loaded;
        SPILLWAY_WARN("{}; until then only keys that were verified lately are served",
                      loaded.error().message());
        book_->set_state(keys::State::unsure);
        if (auto known = recall(*std::move(recalled), config); known)
            silent = *known;
        else
            return fail(std::move(known).error());
    }
    watching_.emplace(instances::KeyWatch::Parts{url, std::move(stop), *book_, std::move(file),
                                                 config.instances.key_memory, silent});
    return {};
}

/// Brings into force what this instance knew of keys, if that is not too long ago.
/// @return How long ago it was; zero when there is nothing.
Result<Millis> KeyKeeper::recall(std::optional<keys::KeyMemory::Recalled> known,
                                 const config::Config& config)
{
    const auto old = known ? keys::age(known->seen, keys::Seen::now()) : std::nullopt;
    if (!old || *old >= config.instances.key_memory)
        return Millis{0};
    const auto records = known->contents.rows.size();
    if (auto taken = book_->recall(std::move(known->contents), defaults_of(config)); !taken)
        return fail(std::move(taken).error());
    SPILLWAY_INFO("keys: {} records as they were known {} s ago", records, old->count() / 1'000);
    return *old;
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
