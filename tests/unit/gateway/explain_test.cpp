#include "spillway/gateway/explain.hpp"

#include <gtest/gtest.h>

namespace spillway::gateway {
namespace {

std::string with(std::string explanation, std::string body)
{
    Routing routing;
    routing.explanation = std::move(explanation);
    add_explanation(routing, body);
    return body;
}

TEST(AnExplanation, StandsBesideTheErrorOfARefusal)
{
    EXPECT_EQ(with("{\"rule\":\"r\"}", "{\"error\":{\"code\":\"c\"}}"),
              "{\"error\":{\"code\":\"c\"},\"routing\":{\"rule\":\"r\"}}");
}

TEST(AnExplanation, IsLeftOutWhereNobodyAskedOrNoObjectIs)
{
    EXPECT_EQ(with("", "{\"error\":{}}"), "{\"error\":{}}");
    EXPECT_EQ(with("{}", "[1]"), "[1]");
    EXPECT_EQ(with("{}", ""), "");
}

}  // namespace
}  // namespace spillway::gateway
