#include "spillway/app/publisher.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/config/document.hpp"

namespace spillway::app {

namespace {

/// A served connection may need a descriptor for its upstream as well; some are for the rest.
std::size_t most_connections(std::size_t wished)
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wished;
    const std::size_t descriptors = limit.rlim_cur;
    return std::min(wished, std::max<std::size_t>(descriptors / 2, 80) - 64);
}

}  // namespace

void log_problems(const std::vector<config::Problem>& problems)
{
    for (const auto& problem : problems) {
        if (problem.level == config::Problem::Level::error)
            SPILLWAY_ERROR("{}: {}", problem.where, problem.message);
        else
            SPILLWAY_WARN("{}: {}", problem.where, problem.message);
    }
}

Result<net::FrontDoor> make_door(const config::Config& config)
{
    const auto& server = config.server;
    net::FrontDoor door;
    door.limits.max_body = server.max_body;
    door.limits.head_timeout = server.head_timeout;
    door.limits.body_timeout = server.body_timeout;
    door.limits.idle_timeout = server.idle_timeout;
    door.limits.write_stall_timeout = server.write_stall_timeout;
    door.max_connections = most_connections(server.max_connections);
    if (server.tls_certificate.empty() != server.tls_key.empty())
        return fail(Errc::bad_config, "server.tls_certificate and server.tls_key belong together");
    if (!server.tls_certificate.empty()) {
        auto tls = net::load_front_tls(server.tls_certificate, server.tls_key);
        if (!tls)
            return fail(std::move(tls).error());
        door.tls = std::move(*tls);
    }
    return door;
}

Publisher::Publisher(Parts parts, Edition first, net::FrontDoor door)
    : parts_(std::move(parts)), newest_(std::move(first)), door_(std::move(door))
{}

std::vector<std::string> Publisher::files() const
{
    auto files = config().files;
    for (const auto* file : {&config().server.tls_certificate, &config().server.tls_key}) {
        if (!file->empty())
            files.push_back(*file);
    }
    for (const auto& route : config().routes)
        if (const auto& weights = route.complexity.weights; !weights.empty())
            files.push_back(weights);
    return files;
}

void Publisher::reload()
{
    auto loaded = load(parts_.source, {}, parts_.environment);
    log_problems(loaded.problems);
    const auto published = publish(std::move(loaded));
    count(published);
    if (published) {
        SPILLWAY_INFO("configuration {}: deployments: {}, groups: {}", newest_.snapshot->number,
                      newest_.snapshot->upstreams.size(), newest_.snapshot->table.groups().size());
    }
}

void Publisher::serve_discovered(const std::string& yaml)
{
    count(publish(load(parts_.source, yaml, parts_.environment)));
}

Result<void> Publisher::publish(config::Loaded loaded)
{
    if (!loaded.config)
        return fail(Errc::bad_config, "the new configuration has errors");
    // The listener stays where it is, so that is the address that must be safe.
    if (auto reason = exposure(*loaded.config, config().server.host))
        return fail(Errc::bad_config, std::move(*reason));
    auto door = make_door(*loaded.config);
    if (!door)
        return fail(std::move(door).error());
    const auto restart = config::restart_only_changes(config(), *loaded.config);
    auto edition = make_edition(std::move(*loaded.config), parts_.environment, parts_.metrics,
                                newest_, parts_.clock.wall());
    if (!edition)
        return fail(std::move(edition).error());
    for (const auto& change : restart)
        SPILLWAY_WARN("{}: takes effect at the next start", change);
    newest_ = std::move(*edition);
    door_ = std::move(*door);
    spdlog::set_level(spdlog::level::from_str(config().server.log_level));
    parts_.publishing(config());
    for (auto& lane : parts_.lanes)
        lane.publish(newest_);
    return {};
}

void Publisher::count(const Result<void>& published)
{
    if (published) {
        parts_.metrics.reloads->Increment();
        return;
    }
    parts_.metrics.reload_failures->Increment();
    SPILLWAY_ERROR("configuration {} stays in service: {}", newest_.snapshot->number,
                   published.error().message());
}

}  // namespace spillway::app
