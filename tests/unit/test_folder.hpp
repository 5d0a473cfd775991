#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "spillway/base/ids.hpp"

namespace spillway {

/// A folder of its own, removed at the end.
class TestFolder {
public:
    TestFolder()
        : path_(std::filesystem::path(::testing::TempDir()) /
                ("spillway-test-" + std::to_string(random_seed())))
    {
        std::filesystem::create_directories(path_);
    }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;
    ~TestFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string file(const std::string& name) const
    {
        return (path_ / name).string();
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// How many entries have `part` in their name.
    [[nodiscard]] int entries_with(std::string_view part) const
    {
        int found = 0;
        for (const auto& entry : std::filesystem::directory_iterator{path_}) {
            found += entry.path().filename().string().find(part) == std::string::npos ? 0 : 1;
        }
        return found;
    }

private:
    std::filesystem::path path_;
};

}  // namespace spillway
