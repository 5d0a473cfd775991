#include "spillway/route/failure_policy.hpp"

#include <gtest/gtest.h>

namespace spillway::route {
namespace {

using chat::FailureClass;

class EveryFailureClass : public testing::TestWithParam<FailurePolicy> {};

TEST_P(EveryFailureClass, HasTheRowOfTheHousePlan)
{
    const FailurePolicy& want = GetParam();
    const FailurePolicy& row = policy_of(want.kind);
    EXPECT_EQ(row.kind, want.kind);
    EXPECT_EQ(row.same_target, want.same_target);
    EXPECT_EQ(row.next_target, want.next_target);
    EXPECT_EQ(row.cooling, want.cooling);
    EXPECT_EQ(row.breaker, want.breaker);
    EXPECT_EQ(describe(row.client).status, describe(want.client).status);
    EXPECT_EQ(row.client, want.client);
}

INSTANTIATE_TEST_SUITE_P(
    HousePlan, EveryFailureClass,
    testing::Values(
        FailurePolicy{FailureClass::transient, SameTarget::after_backoff, NextTarget::any,
                      Cooling::none, BreakerEffect::counted, Errc::upstream_unreachable},
        FailurePolicy{FailureClass::overloaded, SameTarget::after_backoff, NextTarget::any,
                      Cooling::none, BreakerEffect::counted, Errc::upstream_overloaded},
        FailurePolicy{FailureClass::loading, SameTarget::after_backoff, NextTarget::any,
                      Cooling::none, BreakerEffect::ignored, Errc::upstream_overloaded},
        FailurePolicy{FailureClass::stalled, SameTarget::never, NextTarget::any, Cooling::at_once,
                      BreakerEffect::counted, Errc::upstream_timeout},
        FailurePolicy{FailureClass::rate_limited, SameTarget::after_short_wait, NextTarget::any,
                      Cooling::as_told, BreakerEffect::ignored, Errc::upstream_rate_limited},
        FailurePolicy{FailureClass::quota, SameTarget::never, NextTarget::any, Cooling::at_once,
                      BreakerEffect::ignored, Errc::upstream_quota},
        FailurePolicy{FailureClass::credential, SameTarget::never, NextTarget::any,
                      Cooling::at_once, BreakerEffect::ignored, Errc::upstream_credential},
        FailurePolicy{FailureClass::model_missing, SameTarget::never, NextTarget::any,
                      Cooling::at_once, BreakerEffect::ignored, Errc::upstream_bad_reply},
        FailurePolicy{FailureClass::too_long, SameTarget::never, NextTarget::context_window_list,
                      Cooling::none, BreakerEffect::ignored, Errc::context_window_exceeded},
        FailurePolicy{FailureClass::content_policy, SameTarget::never,
                      NextTarget::content_policy_list, Cooling::none, BreakerEffect::ignored,
                      Errc::content_policy},
        FailurePolicy{FailureClass::rejected, SameTarget::never, NextTarget::none, Cooling::none,
                      BreakerEffect::ignored, Errc::upstream_rejected},
        FailurePolicy{FailureClass::not_local, SameTarget::never, NextTarget::any, Cooling::none,
                      BreakerEffect::ignored, Errc::no_local_deployment},
        FailurePolicy{FailureClass::unsupported, SameTarget::never, NextTarget::any, Cooling::none,
                      BreakerEffect::ignored, Errc::unsupported_content},
        FailurePolicy{FailureClass::unknown, SameTarget::never, NextTarget::any, Cooling::none,
                      BreakerEffect::counted, Errc::upstream_bad_reply}));

TEST(FailurePolicy, NeverCoolsADeploymentForAClientsMistake)
{
    for (const FailurePolicy& row : failure_policies) {
        if (blames_request(row.kind)) {
            EXPECT_EQ(row.cooling, Cooling::none);
            EXPECT_EQ(row.breaker, BreakerEffect::ignored);
            EXPECT_EQ(describe(row.client).status, 400);
        }
    }
}

}  // namespace
}  // namespace spillway::route
