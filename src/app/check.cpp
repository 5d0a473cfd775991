#include "spillway/app/check.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "spillway/app/publisher.hpp"
#include "spillway/app/unpriced.hpp"
#include "spillway/app/weights_files.hpp"
#include "spillway/config/document.hpp"
#include "spillway/config/load.hpp"
#include "spillway/net/tls.hpp"

namespace spillway::app {

namespace {

/// Certificates, keys and trust anchors that the file names: all that starting would open.
Result<void> open_pem_files(const config::Config& config)
{
    if (auto door = make_door(config); !door)
        return fail(std::move(door).error());
    if (auto anchors = net::UpstreamTls::open(config.upstream.ca_file); !anchors)
        return fail(std::move(anchors).error());
    return {};
}

}  // namespace

int check(const Check& wish)
{
    const auto environment = config::process_environment();
    auto loaded = config::load_file(wish.config, environment);
    if (loaded.config) {
        auto unpriced = unpriced_under_caps(*loaded.config, environment);
        std::move(unpriced.begin(), unpriced.end(), std::back_inserter(loaded.problems));
        auto weights = weights_problems(*loaded.config, wish.config);
        const bool usable = std::none_of(weights.begin(), weights.end(), [](const auto& problem) {
            return problem.level == config::Problem::Level::error;
        });
        std::move(weights.begin(), weights.end(), std::back_inserter(loaded.problems));
        if (const auto opened = open_pem_files(*loaded.config); !opened) {
            loaded.problems.push_back({wish.config, opened.error().message()});
            loaded.config.reset();
        }
        if (!usable)
            loaded.config.reset();
    }
    std::fputs(config::check_report(loaded).c_str(), stdout);
    return loaded.config ? 0 : 1;
}

}  // namespace spillway::app
