#include "spillway/app/manuals.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "spillway/base/error_code.hpp"

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
    const std::string path = SPILLWAY_SOURCE_DIR "/docs/errors.md";
    if (std::getenv("SPILLWAY_UPDATE_DOCS") != nullptr)
        std::ofstream(path) << errors_manual();
    std::ifstream file(path);
    const std::string written(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(written, errors_manual()) << "run the tests with SPILLWAY_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace spillway::app
