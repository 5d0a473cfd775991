#include "spillway/app/daemon.hpp"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <utility>

#include "spillway/app/budget_alert.hpp"
#include "spillway/app/shadow_spend.hpp"
#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

constexpr Millis first_trim{500};
constexpr Millis later_trims{60'000};
constexpr Millis last_shipping{5'000};

/// The stopping and reloading signals, which only the control thread takes.
sigset_t our_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    return set;
}

}  // namespace

/// A new configuration holds.
void Daemon::published(const config::Config& config)
{
    if (auto held = book_->follow(config); !held)
        SPILLWAY_ERROR("budgets: {}; what is new lets nothing through", held.error().message());
    if (teller_)
        teller_->bell()();
    keys_->follow(config);
    remember_shadow_spend(config);
}

void Daemon::remember_shadow_spend(const config::Config& config)
{
    if (!shadow_spend_known_)
        shadow_spend_known_ =
            restore_shadow_spend(config, store_->path(), shared_.shadow_allowance, clock_.wall());
}

Daemon::~Daemon()
{
    // A lane that stops lets its requests come to their end, for which they need all the rest.
    listener_.reset();
    for (auto& lane : lanes_)
        lane.stop();
    if (calibrations_)
        calibrations_->finish();
    // These post to shards, so they end before they do; the writer is what they settle with.
    archive_.reset();
    key_desk_.reset();
    news_.reset();
    answers_.reset();
    if (writer_)
        writer_->finish();  // Tells the lanes' settlements how their last batches ended.
    if (keys_)
        keys_->stop();
    // Nothing is under way any more, so all that is not spent is given back.
    teller_.reset();
    lanes_.clear();
    writer_.reset();
    comparisons_.reset();
    if (shipper_)
        shipper_->drain(last_shipping);
    shipper_.reset();
}

int Daemon::run()
{
    auto ours = our_signals();
    pthread_sigmask(SIG_BLOCK, &ours, nullptr);
    for (std::size_t i = 0; i < lanes_.size(); ++i)
        lanes_[i].start(i);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        signals_.add(signal);
    await_signal();
    give_memory_back(first_trim);
    keys_->start();
    announce();
    health_->start();
    alerts_->hurry();  // What the last process did not come to tell.
    calibrations_->start();
    if (scout_)
        scout_->start();
    pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
    control_.run();
    SPILLWAY_INFO("stopped");
    return drain_->orderly() ? 0 : 130;
}

void Daemon::await_signal()
{
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error)
            return;
        if (signal != SIGHUP) {
            drain_->signal(std::chrono::steady_clock::now());
        } else if (scout_) {
            scout_->hurry();
        } else {
            publisher_->reload();
            watcher_->watch(publisher_->files());
        }
        await_signal();
    });
}

DrainSteps Daemon::drain_steps()
{
    DrainSteps steps;
    steps.patience = [this] { return publisher_->config().server.drain_timeout; };
    steps.refuse = [this] {
        shared_.draining = true;
        listener_->close();
        health_->stop();
        if (scout_)
            scout_->stop();
        for (auto& lane : lanes_)
            lane.shard().post([&lane] {
                lane.services().shadows.stop();
                lane.services().side_calls.stop();
                lane.shard().drain();
            });
    };
    steps.cut = [this] {
        for (auto& lane : lanes_)
            lane.shard().post([&lane] { lane.shard().upstreams().abort(); });
    };
    steps.abort = [this] {
        for (auto& lane : lanes_)
            lane.shard().post([&lane] { lane.shard().abort(); });
    };
    steps.remaining = [this] { return connections(); };
    steps.finished = [this] {
        // Whoever waits for it gets its last word, while there is a loop to hear it in.
        news_->finish();
        lanes_.front().shard().post([this] { control_.stop(); });
    };
    return steps;
}

std::size_t Daemon::connections() const
{
    std::size_t sum = 0;
    for (const auto& lane : lanes_)
        sum += lane.connections();
    return sum;
}

admin::Vitals Daemon::vitals()
{
    show_budgets(budgets_.look(clock_.wall()), metrics_);
    admin::Vitals out;
    out.phase = shared_.draining ? admin::Vitals::Phase::draining : admin::Vitals::Phase::serving;
    out.ledger = writer_->healthy() ? admin::Vitals::Disk::ok : admin::Vitals::Disk::failing;
    out.ledger_waiting = writer_->waiting();
    out.ledger_lost = writer_->lost();
    if (shipper_)
        out.shipper = shipper_->state();
    if (teller_) {
        auto state = teller_->state();
        out.sharing = admin::Sharing{state.connected,
                                     state.live,
                                     state.leases,
                                     state.rounds,
                                     state.hungry,
                                     state.given_back,
                                     std::move(state.last_error)};
    }
    out.connections = connections();
    out.in_flight = shared_.in_flight;
    return out;
}

void Daemon::look_for_engines(std::vector<EnginePlace> places)
{
    scout_ = std::make_unique<Scout>(
        lanes_.front().shard(), std::move(places), [this](std::vector<Sighting> round) {
            boost::asio::post(control_, [this, round = std::move(round)] { learn(round); });
        });
}

void Daemon::learn(const std::vector<Sighting>& round)
{
    const auto news = findings_->learn(round);
    if (findings_->models_changed())
        publisher_->serve_discovered(findings_->configuration());
    for (const auto& line : std::exchange(first_look_, false) ? findings_->summary() : news)
        SPILLWAY_INFO("{}", line);
}

void Daemon::announce() const
{
    const auto& config = publisher_->config();
    const bool v6 = config.server.host.find(':') != std::string::npos;
    const auto host = v6 ? "[" + config.server.host + "]" : config.server.host;
    SPILLWAY_INFO("spillway " SPILLWAY_VERSION " serves {}://{}:{}/v1",
                  publisher_->door().tls ? "https" : "http", host, port());
    SPILLWAY_INFO("ledger: {}{}", store_->path(), shipper_ ? ", shipped to PostgreSQL" : "");
    if (const auto most = publisher_->door().max_connections; most < config.server.max_connections)
        SPILLWAY_WARN("at most {} connections: the limit of open files (ulimit -n) is low", most);
    if (findings_)
        return;  // What is served is said after the first look around.
    SPILLWAY_INFO("configuration: {}, deployments: {}",
                  config.files.empty() ? "none" : config.files.front(), config.deployments.size());
    const auto unheeded =
        std::count_if(config.keys_seen.begin(), config.keys_seen.end(),
                      [](const auto& key) { return key.support != config::Support::supported; });
    if (unheeded > 0) {
        SPILLWAY_INFO("{} keys are ignored or mean something else here: spillway check --config {}",
                      unheeded, config.files.empty() ? "FILE" : config.files.front());
    }
}

void Daemon::give_memory_back(Millis pause)
{
    trim_.expires_after(pause);
    trim_.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        // Holds every arena's lock for a moment, so only while nobody waits for an answer.
        if (shared_.in_flight == 0)
            malloc_trim(0);
        give_memory_back(later_trims);
    });
}

}  // namespace spillway::app
