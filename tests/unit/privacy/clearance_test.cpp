#include "spillway/privacy/clearance.hpp"

#include <gtest/gtest.h>

namespace spillway::privacy {
namespace {

TEST(Clearance, IsForScannedTextWithoutClassesThatMayLeave)
{
    EXPECT_TRUE(Clearance::of(Boundary::any, Scanned::yes, {}));
}

TEST(Clearance, IsNothingElse)
{
    EXPECT_FALSE(Clearance::of(Boundary::local, Scanned::yes, {}));
    EXPECT_FALSE(Clearance::of(Boundary::any, Scanned::no, {}));
    for (std::uint8_t id = 0; id < 16; ++id)
        EXPECT_FALSE(Clearance::of(Boundary::any, Scanned::yes, {static_cast<ClassId>(id)}))
            << int{id};
}

}  // namespace
}  // namespace spillway::privacy
