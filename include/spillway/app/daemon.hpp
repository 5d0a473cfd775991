#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "spillway/app/alert_courier.hpp"
#include "spillway/app/budget_book.hpp"
#include "spillway/app/calibration_keeper.hpp"
#include "spillway/app/cli.hpp"
#include "spillway/app/config_watcher.hpp"
#include "spillway/app/discovery.hpp"
#include "spillway/app/drain.hpp"
#include "spillway/app/health_keeper.hpp"
#include "spillway/app/key_keeper.hpp"
#include "spillway/app/lane.hpp"
#include "spillway/app/publisher.hpp"
#include "spillway/app/scout.hpp"
#include "spillway/instances/teller.hpp"
#include "spillway/ledger/answer_store.hpp"
#include "spillway/ledger/shipper.hpp"
#include "spillway/ledger/store.hpp"
#include "spillway/ledger/upkeep.hpp"
#include "spillway/ledger/writer.hpp"
#include "spillway/net/listener.hpp"

namespace spillway::app {

/// What a daemon is built from: the first configuration, read and found fit to serve.
struct Beginning {
    Source source;
    config::Environment environment;
    config::Config config;
    std::optional<Findings> findings;  ///< When there is no file.
    std::vector<EnginePlace> places;   ///< To look for engines at; with `findings`.
};

/// The composition root: every part, built in dependency order, ended in the reverse.
class Daemon {
public:
    /// Opens the ledger, compiles the configuration and binds the port. Nothing runs yet.
    [[nodiscard]] static Result<std::unique_ptr<Daemon>> open(Beginning beginning);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
    /// Serves until a signal ends it. The calling thread becomes the control thread.
    /// @return The process's exit code: 0, or 130 when a second signal cut it short.
    int run();

private:
    explicit Daemon(Beginning& beginning);
    [[nodiscard]] Result<void> begin(Beginning beginning);
    [[nodiscard]] Result<void> join_others(const config::Config& config);
    [[nodiscard]] Result<void> open_money(const config::Config& config);
    void open_answers(const config::Config& config);
    void make_lanes(const Edition& edition);
    void published(const config::Config& config);
    void remember_shadow_spend(const config::Config& config);
    [[nodiscard]] Result<void> listen();
    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] admin::Vitals vitals();
    [[nodiscard]] DrainSteps drain_steps();
    void await_signal();
    void look_for_engines(std::vector<EnginePlace> places);
    void learn(const std::vector<Sighting>& round);
    void announce() const;
    void give_memory_back(Millis pause);

    instances::SharedClock clock_;
    observe::Metrics metrics_;
    gateway::Shared shared_;
    guard::Budgets budgets_;
    std::unique_ptr<ledger::Store> store_;
    std::unique_ptr<ledger::OpenCalls> open_calls_;
    std::unique_ptr<ledger::Shipper> shipper_;  ///< Null without `database_url`.
    std::unique_ptr<ledger::Upkeep> upkeep_;    ///< Works on the writer's keeper.
    std::unique_ptr<ledger::Writer> writer_;
    std::unique_ptr<ledger::ComparisonWriter> comparisons_;
    std::function<admin::Vitals()> vitals_;
    std::unique_ptr<admin::Archive> archive_;
    std::optional<admin::KeyDesk> key_desk_;
    std::unique_ptr<BudgetBook> book_;
    std::unique_ptr<instances::Teller> teller_;     ///< Null when nothing is shared.
    std::unique_ptr<ledger::AnswerStore> answers_;  ///< Null when its file cannot be used.
    std::deque<Lane> lanes_;
    bool shadow_spend_known_ = false;
    std::optional<HealthKeeper> health_;
    std::unique_ptr<NewsDesk> news_;
    std::optional<AlertCourier> alerts_;
    std::unique_ptr<Scout> scout_;  ///< Null when the configuration is a file.
    std::optional<Findings> findings_;
    bool first_look_ = true;

    boost::asio::io_context control_{1};
    boost::asio::signal_set signals_{control_};
    boost::asio::steady_timer trim_{control_};
    std::optional<KeyKeeper> keys_;  ///< Holds its caps in `book_`.
    std::optional<CalibrationKeeper> calibrations_;
    std::unique_ptr<Publisher> publisher_;
    std::unique_ptr<ConfigWatcher> watcher_;
    std::unique_ptr<net::Listener> listener_;
    std::unique_ptr<Drain> drain_;
};

/// `spillway serve`, from the command line to the exit code.
[[nodiscard]] int serve(const Serve& wish);

}  // namespace spillway::app
