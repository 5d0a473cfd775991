#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "source_dir.hpp"

namespace spillway {

/// Fails when the page of `docs` is not what the code prints; writes it with
/// SPILLWAY_UPDATE_DOCS=1.
inline void expect_current(const std::string& name, const std::string& printed)
{
    const std::string path = in_source_tree("docs/" + name);
    if (std::getenv("SPILLWAY_UPDATE_DOCS") != nullptr) {
        std::ofstream(path) << printed;
    }
    std::ifstream file(path);
    const std::string written(std::istreambuf_iterator<char>(file), {});
    EXPECT_TRUE(written == printed)
        << "docs/" << name << " is stale; print it with SPILLWAY_UPDATE_DOCS=1";
}

}  // namespace spillway
