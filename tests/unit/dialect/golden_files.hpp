#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "source_dir.hpp"

/// Cases as folders of files: what goes in, what comes out. SPILLWAY_UPDATE_GOLDEN=1 writes the
/// outputs anew; read the difference before committing it.
namespace spillway::dialect::golden {

namespace fs = std::filesystem;

inline std::string read_file(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The cases under `root` whose folders hold `input`.
inline std::vector<std::string> cases_in(const fs::path& root, std::string_view input)
{
    std::vector<std::string> names;
    for (const auto& folder : fs::directory_iterator(root)) {
        if (fs::exists(folder.path() / input)) {
            names.push_back(folder.path().filename().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

inline void expect_golden(const fs::path& path, const std::string& actual)
{
    if (std::getenv("SPILLWAY_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << actual;
    }
    EXPECT_EQ(read_file(path), actual) << path;
}

/// A test's name of a case's.
inline std::string name_of(const testing::TestParamInfo<std::string>& info)
{
    auto name = info.param;
    std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    return name;
}

}  // namespace spillway::dialect::golden
