#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "spillway/app/edition.hpp"
#include "spillway/app/lane.hpp"
#include "spillway/app/settings.hpp"
#include "spillway/net/listener.hpp"

namespace spillway::app {

/// Says every problem of a configuration in the log, one line each.
void log_problems(const std::vector<config::Problem>& problems);

/// What new connections get by `config`: limits, and the certificate read afresh.
[[nodiscard]] Result<net::FrontDoor> make_door(const config::Config& config);

/// Keeps the newest configuration and puts new ones into service: validate, compile, swap. On any
/// error the one in service stays, and the log says why. Control thread.
class Publisher {
public:
    struct Parts {
        Source source;
        config::Environment environment;
        observe::Metrics& metrics;
        const Clock& clock;
        std::deque<Lane>& lanes;
        /// Told of every configuration after the first, before requests are served by it.
        std::function<void(const config::Config&)> publishing = [](const config::Config&) {};
    };
    Publisher(Parts parts, Edition first, net::FrontDoor door);

    [[nodiscard]] const config::Config& config() const { return newest_.snapshot->config; }
    [[nodiscard]] const net::FrontDoor& door() const noexcept { return door_; }
    /// Files whose change means a reload: the configuration's and the certificate's.
    [[nodiscard]] std::vector<std::string> files() const;

    /// Reads the file again.
    void reload();
    /// Serves what discovery found now.
    void serve_discovered(const std::string& yaml);

private:
    [[nodiscard]] Result<void> publish(config::Loaded loaded);
    void count(const Result<void>& published);

    Parts parts_;
    Edition newest_;
    net::FrontDoor door_;
};

}  // namespace spillway::app
