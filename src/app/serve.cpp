#include <malloc.h>
#include <sys/resource.h>

#include <csignal>

#include "spillway/app/daemon.hpp"
#include "spillway/app/start_pages.hpp"
#include "spillway/app/unpriced.hpp"
#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

/// Settings of the process itself; must come before the first thread.
void tune_process()
{
    std::signal(SIGPIPE, SIG_IGN);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    // A large body is mapped and given back whole. Left alone, glibc raises this threshold to the
    // largest block ever freed and keeps such blocks in its arenas.
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    // Dozens of bodies of 100 KB come and go: to give their pages back each time costs more than
    // the requests. `Daemon::give_memory_back` does it in the pauses.
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

Result<Beginning> read_beginning(const Serve& wish)
{
    Beginning beginning;
    beginning.environment = config::process_environment();
    beginning.source = choose_source(wish, beginning.environment);
    std::string discovered;
    std::vector<std::string> complaints;
    if (!beginning.source.file) {
        auto places = engine_places(beginning.environment);
        complaints = std::move(places.complaints);
        beginning.places = places.places;
        beginning.findings.emplace(std::move(places.places), cloud_keys(beginning.environment));
        discovered = beginning.findings->configuration();
    }
    auto loaded = load(beginning.source, discovered, beginning.environment);
    open_log(loaded.config ? loaded.config->server.log_level : "info");
    log_problems(loaded.problems);
    if (loaded.config)
        log_problems(unpriced_under_caps(*loaded.config, beginning.environment));
    for (const auto& complaint : complaints)
        SPILLWAY_WARN("{}", complaint);
    if (!loaded.config) {
        return fail(Errc::bad_config,
                    "the configuration has errors; nothing is served. See all of them with: "
                    "spillway check --config " +
                        beginning.source.file.value_or("FILE"));
    }
    if (auto reason = exposure(*loaded.config, loaded.config->server.host))
        return fail(Errc::bad_config, std::move(*reason));
    beginning.config = std::move(*loaded.config);
    return beginning;
}

}  // namespace

int serve(const Serve& wish)
{
    tune_process();
    auto beginning = read_beginning(wish);
    if (!beginning) {
        SPILLWAY_ERROR("{}", beginning.error().message());
        return 1;
    }
    auto daemon = Daemon::open(std::move(*beginning));
    if (!daemon) {
        SPILLWAY_ERROR("{}", daemon.error().message());
        return 1;
    }
    release_start_pages();
    return (*daemon)->run();
}

}  // namespace spillway::app
