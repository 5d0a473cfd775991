#include "spillway/gateway/attempt.hpp"

#include <gtest/gtest.h>

#include "spillway/route/failure_policy.hpp"

namespace spillway::gateway {
namespace {

using chat::FailureClass;
using End = guard::AttemptReport::End;
using net::CallFault;
using route::Patience;

TEST(FailureOf, ACallThatHadToStayIsNoFaultOfWhoWasNotCalled)
{
    const auto kept = failure_of({CallFault::not_local, "cloud.example is not local"});
    EXPECT_EQ(kept.kind, FailureClass::not_local);
    EXPECT_EQ(chat::name(kept.kind), "not_local");
    EXPECT_EQ(kept.message, "cloud.example is not local");
    EXPECT_EQ(report_of(kept, Patience::deployment), End::abandoned);
}

/// An address that no call may go to is the deployment's own fault: it cannot ever serve.
TEST(FailureOf, AnAddressThatIsForbiddenToAllCountsAgainstItsDeployment)
{
    const auto failure = failure_of({CallFault::forbidden, "a metadata address"});
    EXPECT_EQ(failure.kind, FailureClass::unknown);
    EXPECT_EQ(report_of(failure, Patience::deployment), End::failed);
}

TEST(ReportOf, OnlyAnImpatientClientsStallIsNotTheDeployments)
{
    for (std::size_t i = 0; i < chat::failure_class_count; ++i) {
        chat::Failure failure;
        failure.kind = static_cast<FailureClass>(i);
        const bool kept = failure.kind == FailureClass::not_local;
        const bool stalled = failure.kind == FailureClass::stalled;
        EXPECT_EQ(report_of(failure, Patience::deployment), kept ? End::abandoned : End::failed);
        EXPECT_EQ(report_of(failure, Patience::request),
                  kept || stalled ? End::abandoned : End::failed);
    }
}

}  // namespace
}  // namespace spillway::gateway
