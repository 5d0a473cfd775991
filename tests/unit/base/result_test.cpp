#include "spillway/base/result.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

using std::chrono::milliseconds;

Result<int> half(int number)
{
    if (number % 2 != 0) {
        return fail(Errc::invalid_request, "odd");
    }
    return number / 2;
}

TEST(Result, HoldsAValueOrTheReasonThereIsNone)
{
    EXPECT_EQ(half(4).value(), 2);
    ASSERT_FALSE(half(3));
    EXPECT_EQ(half(3).error().code(), Errc::invalid_request);
    EXPECT_EQ(half(3).error().message(), "odd");
}

TEST(Error, KnowsWhoseFaultItIs)
{
    EXPECT_EQ(Error(Errc::invalid_json, "").origin(), Origin::client);
    EXPECT_EQ(Error(Errc::upstream_timeout, "").origin(), Origin::upstream);
    EXPECT_EQ(Error(Errc::overloaded, "").origin(), Origin::gateway);
}

TEST(Error, NamesPlacesFromTheOutsideIn)
{
    const Error error = Error(Errc::bad_config, "not a number").within("timeout").within("router");
    EXPECT_EQ(error.message(), "router: timeout: not a number");
}

TEST(Error, CarriesTheWaitAndTheField)
{
    const Error error =
        Error(Errc::upstream_rate_limited, "slow").retry_in(milliseconds{1'500}).about("model");
    EXPECT_EQ(error.retry_after(), milliseconds{1'500});
    EXPECT_EQ(error.param(), "model");
    EXPECT_FALSE(Error(Errc::internal, "").retry_after());
}

}  // namespace
}  // namespace spillway
