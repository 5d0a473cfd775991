#include "spillway/app/manuals.hpp"

#include <gtest/gtest.h>

#include "spillway/base/error_code.hpp"
#include "unit/printed_page.hpp"

namespace spillway::app {
namespace {

TEST(ErrorsManual, NamesEveryError)
{
    const auto manual = errors_manual();
    for (const auto& row : error_table())
        EXPECT_NE(manual.find("| `" + std::string(row.name) + "` |"), std::string::npos)
            << row.name;
}

TEST(ErrorsManual, IsWhatDocsErrorsSays)
{
    expect_current("errors.md", errors_manual());
}

}  // namespace
}  // namespace spillway::app
