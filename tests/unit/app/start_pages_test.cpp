#include "spillway/app/start_pages.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace spillway::app {
namespace {

TEST(StartPages, AreTextOfFilesOnly)
{
    const auto text =
        text_mapping("5500000000-5500003000 r-xp 00001000 08:01 42    /usr/bin/spillway");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(text.begin), 0x5500000000U);
    EXPECT_EQ(text.size, 0x3000U);
    for (const auto* line :
         {"5500000000-5500003000 r--p 00001000 08:01 42    /usr/bin/spillway",
          "5500000000-5500003000 rw-p 00001000 08:01 42    /usr/bin/spillway",
          "5500000000-5500003000 rwxp 00001000 08:01 42    /usr/bin/spillway",
          "7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0      [vdso]", "5500000000 r-xp 0 0 0 /x",
          "", "- r-xp /", "zz-yy r-xp 0 0:0 0 /x", "5500003000-5500000000 r-xp 0 0:0 0 /x"})
        EXPECT_EQ(text_mapping(line).size, 0U) << line;
}

TEST(StartPages, MayBeGivenBackWhileTheyRun)
{
    release_start_pages();
    release_start_pages();
    EXPECT_EQ(text_mapping("").begin, nullptr);
}

}  // namespace
}  // namespace spillway::app
