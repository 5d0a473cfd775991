// The invariant of docs/privacy.md: whatever the file, the request and the faults, a request that
// must stay local is never sent to a deployment that is not.
#include <gtest/gtest.h>

#include "unit/route/random_world.hpp"

namespace spillway::route {
namespace {

using testing_world::noon;
using testing_world::RandomWorld;
using testing_world::sent_to;

TEST(PrivacyInvariant, HoldsThroughEveryRouteRetryAndFallback)
{
    constexpr std::uint64_t worlds = 4'000;
    std::size_t kept_local = 0;
    std::size_t went_out = 0;
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
        RandomWorld world(seed);
        const auto config = world.config();
        const RoutingTable table(config, std::vector<bool>(config.deployments.size()));
        const privacy::ClassNames names;
        const RouteBook book(config, names);
        auto fleet = testing_world::idle_fleet(table);
        for (int i = 0; i < 5; ++i) {
            const auto request = world.request();
            const Standing standing{table, fleet, {}, noon};
            const bool by_route = world.below(2) == 0;
            const auto& row = config.deployments[world.index(config.deployments.size())];
            auto plan = by_route ? decide(request, *book.find("r"), standing)
                                 : decide(request, table.resolve(row.group).value(), standing);
            if (!plan)
                continue;
            const bool local = request.boundary == privacy::Boundary::local ||
                               (by_route && !request.sensitive.empty());
            if (local) {
                ASSERT_EQ(plan->limits.boundary, privacy::Boundary::local) << seed;
            }
            for (const auto deployment : sent_to(table, *std::move(plan), world, config)) {
                if (local) {
                    ASSERT_TRUE(config.deployments[at(deployment)].local.value()) << seed;
                }
                ++(config.deployments[at(deployment)].local.value() ? kept_local : went_out);
            }
        }
    }
    // The worlds are worth something only when requests went both ways.
    EXPECT_GT(kept_local, worlds);
    EXPECT_GT(went_out, worlds);
}

}  // namespace
}  // namespace spillway::route
