// How a daemon is built: every part, in the order in which they need each other.

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "spillway/app/daemon.hpp"
#include "spillway/app/front_door.hpp"
#include "spillway/app/retention.hpp"
#include "spillway/base/log.hpp"
#include "spillway/gateway/front.hpp"
#include "spillway/ledger/instance_id.hpp"

namespace spillway::app {

namespace {

/// For the first answer of the database that instances share, and for the first leases.
constexpr Millis first_lease{2'000};

/// The folder of a ledger that nobody placed; private, because it names who asked for what.
Result<void> make_state_folder(const std::string& ledger)
{
    const auto folder = std::filesystem::path(ledger).parent_path();
    std::error_code error;
    if (folder.empty() || std::filesystem::exists(folder, error))
        return {};
    std::filesystem::create_directories(folder, error);
    if (error)
        return fail(Errc::io_error, "cannot create " + folder.string() + ": " + error.message());
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    return {};
}

std::size_t shard_count(const config::Server& server)
{
    return server.shards != 0 ? server.shards : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Daemon::Daemon(Beginning& beginning) : findings_(std::move(beginning.findings))
{
    vitals_ = [this] { return vitals(); };
}

Result<std::unique_ptr<Daemon>> Daemon::open(Beginning beginning)
{
    std::unique_ptr<Daemon> daemon(new Daemon(beginning));
    if (auto begun = daemon->begin(std::move(beginning)); !begun)
        return fail(std::move(begun).error());
    return daemon;
}

Result<void> Daemon::begin(Beginning beginning)
{
    const auto config = beginning.config;
    if (!beginning.source.file) {
        if (auto made = make_state_folder(config.ledger.path); !made)
            return made;
    }
    auto store = ledger::Store::open(config.ledger);
    if (!store)
        return fail(std::move(store).error());
    store_ = std::move(*store);
    if (auto joined = join_others(config); !joined)
        return joined;
    if (auto opened = open_money(config); !opened)
        return opened;
    writer_ = std::make_unique<ledger::Writer>(*store_, config.ledger.durability);
    if (config.general.database_url && !config.general.disable_spend_logs) {
        shipper_ = std::make_unique<ledger::Shipper>(store_->path(), *config.general.database_url);
        writer_->on_commit([shipper = shipper_.get()] { shipper->nudge(); });
    }
    writer_->on_late_commit([this](auto records) { open_calls_->recorded(records); });
    comparisons_ = std::make_unique<ledger::ComparisonWriter>(store_->path());
    upkeep_ = std::make_unique<ledger::Upkeep>(store_->path(), retention_rule(config, budgets_));
    writer_->on_keep([this] { return upkeep_->work(clock_.wall()) == ledger::Upkeep::Left::more; });
    archive_ = std::make_unique<admin::Archive>(store_->path());
    key_desk_.emplace(admin::KeyDesk::Parts{keys_->book(), budgets_, clock_, store_->path()});
    remember_shadow_spend(config);

    open_answers(config);

    auto door = make_door(config);
    if (!door)
        return fail(std::move(door).error());
    auto edition = make_edition(std::move(beginning.config), beginning.environment, metrics_, {},
                                clock_.wall());
    if (!edition)
        return fail(std::move(edition).error());
    if (teller_)
        edition->snapshot->fleet->share(shared_.rate_limits);
    make_lanes(*edition);
    Publisher::Parts parts{std::move(beginning.source),
                           std::move(beginning.environment),
                           metrics_,
                           clock_,
                           lanes_,
                           [this](const config::Config& now) { published(now); }};
    publisher_ =
        std::make_unique<Publisher>(std::move(parts), std::move(*edition), std::move(*door));
    watcher_ = std::make_unique<ConfigWatcher>(control_, [this] {
        publisher_->reload();
        watcher_->watch(publisher_->files());
    });
    watcher_->watch(publisher_->files());
    drain_ = std::make_unique<Drain>(control_, drain_steps());
    if (findings_)
        look_for_engines(std::move(beginning.places));
    return listen();
}

/// Before the first cap comes into force: their clock says which windows these are, and none of
/// them may be spent before its lease is known.
Result<void> Daemon::join_others(const config::Config& config)
{
    const auto& url = config.general.database_url;
    if (!url || !config.instances.share)
        return {};
    auto id = ledger::instance_id(store_->path());
    if (!id)
        return fail(std::move(id).error());
    instances::Identity identity;
    identity.id = *std::move(id);
    identity.incarnation = RequestIdMaker(random_seed()).next(clock_.wall()).text();
    identity.name = config.instances.name.empty()
                        ? config.server.host + ":" + std::to_string(config.server.port)
                        : config.instances.name;
    auto known = ledger::known_instances(store_->path());
    if (!known)
        return fail(std::move(known).error());
    auto remember = [path = store_->path()](std::size_t number) {
        if (const auto noted = ledger::note_instances(path, number); !noted)
            SPILLWAY_WARN(
                "instances: {}; a start without PostgreSQL will not know how many "
                "there are",
                noted.error().message());
    };
    teller_ = std::make_unique<instances::Teller>(instances::Teller::Parts{
        *url, std::move(identity), budgets_, shared_.rate_limits, shared_.leases, clock_, *known,
        config.instances.expected, std::move(remember)});
    budgets_.share(teller_->bell());
    shared_.rate_limits.share(teller_->bell());
    teller_->settle(first_lease);
    return {};
}

/// Charges what the last process left under way, and brings the caps into force with what was
/// spent.
Result<void> Daemon::open_money(const config::Config& config)
{
    // A call whose record waits for the disk keeps its page, so there are more than requests.
    const auto pages = 2 * config.server.max_in_flight;
    auto calls = ledger::OpenCalls::open(store_->path(), pages, config.ledger.durability);
    if (!calls)
        return fail(std::move(calls).error());
    open_calls_ = std::move(*calls);
    if (auto recorded = ledger::record_left_calls(*open_calls_, *store_); !recorded)
        return fail(std::move(recorded).error());
    book_ = std::make_unique<BudgetBook>(store_->path(), budgets_, clock_);
    if (auto held = book_->follow(config); !held)
        return held;
    keys_.emplace(control_, *book_);
    auto opened = keys_->open(teller_ ? KeyKeeper::Place::database : KeyKeeper::Place::file,
                              store_->path(), config);
    if (teller_)
        teller_->settle(first_lease);
    return opened;
}

/// Without their file, answers are kept in memory: it is no reason not to serve.
void Daemon::open_answers(const config::Config& config)
{
    auto answers = ledger::AnswerStore::open(ledger::answers_path(config.ledger.path),
                                             config.idempotency.max_age, clock_);
    if (!answers) {
        SPILLWAY_WARN("idempotency: answers are kept in memory only: {}",
                      answers.error().message());
        return;
    }
    answers_ = std::move(*answers);
    for (const auto& found : answers_->found())
        shared_.replays.restore(found.key, found.request, found.since, found.bytes);
    shared_.answers = answers_.get();
}

void Daemon::make_lanes(const Edition& edition)
{
    const LaneParts parts{*writer_,      metrics_,  shared_,       budgets_,   *open_calls_, clock_,
                          *comparisons_, *archive_, keys_->book(), *key_desk_, vitals_};
    for (auto left = shard_count(edition.snapshot->config.server); left > 0; --left)
        lanes_.emplace_back(parts, edition);
    health_.emplace(lanes_.front());
    const auto& database = edition.snapshot->config.general.database_url;
    news_ = std::make_unique<NewsDesk>(store_->path(), teller_ ? &*database : nullptr, clock_);
    alerts_.emplace(lanes_.front(), budgets_, *news_);
    alerts_->start();
    shared_.on_budget_news = [this] { alerts_->hurry(); };
    budgets_.when_others_bring_news([this] { alerts_->hurry(); });
    calibrations_.emplace(control_, lanes_, *comparisons_);
    calibrations_->begin(ledger::read_calibrations(store_->path()));
}

Result<void> Daemon::listen()
{
    std::vector<net::Shard*> shards;
    for (auto& lane : lanes_)
        shards.push_back(&lane.shard());
    const auto refuse = [this](const Error& error) {
        metrics_.refused_heads->Increment();
        return gateway::refuse_head(error);
    };
    const auto& server = publisher_->config().server;
    auto listener =
        net::Listener::open(control_, server.host, static_cast<std::uint16_t>(server.port), shards,
                            make_front_door(lanes_), refuse, [this] { return publisher_->door(); });
    if (!listener)
        return fail(Error(listener.error().code(),
                          listener.error().message() + "; choose another port with --port"));
    listener_ = std::move(*listener);
    return {};
}

}  // namespace spillway::app
