#include "spillway/privacy/boundary.hpp"

#include <gtest/gtest.h>

namespace spillway::privacy {
namespace {

static_assert(narrower(Boundary::any, Boundary::any) == Boundary::any);
static_assert(narrower(Boundary::any, Boundary::local) == Boundary::local);
static_assert(narrower(Boundary::local, Boundary::any) == Boundary::local);
static_assert(narrower(Boundary::local, Boundary::local) == Boundary::local);
static_assert(permits(Boundary::any, Reach::remote));
static_assert(permits(Boundary::any, Reach::local));
static_assert(permits(Boundary::local, Reach::local));
static_assert(!permits(Boundary::local, Reach::remote));

TEST(Boundary, IsReadAsItIsWritten)
{
    for (const auto boundary : {Boundary::any, Boundary::local}) {
        EXPECT_EQ(parse_boundary(name(boundary)), boundary);
    }
    EXPECT_FALSE(parse_boundary("Local").has_value());
    EXPECT_FALSE(parse_boundary("").has_value());
}

TEST(Receipt, NamesBoundaryClassesAndScanner)
{
    EXPECT_EQ(receipt(Boundary::local, {ClassId::payment_card, ClassId::email}, ClassNames()),
              "local; classes=payment_card,email; scanner=v1");
}

TEST(Receipt, TellsNothingFoundFromNotLooked)
{
    EXPECT_EQ(receipt(Boundary::any, {}, ClassNames()), "any; classes=none; scanner=v1");
    EXPECT_EQ(receipt_unscanned(Boundary::any), "any; classes=unscanned");
}

}  // namespace
}  // namespace spillway::privacy
