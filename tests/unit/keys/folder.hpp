#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "spillway/base/ids.hpp"

namespace spillway::keys::testing {

/// A folder of its own, removed at the end.
class Folder {
public:
    Folder()
        : path_(std::filesystem::path(::testing::TempDir()) /
                ("spillway-keys-" + std::to_string(random_seed())))
    {
        std::filesystem::create_directories(path_);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const
    {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

}  // namespace spillway::keys::testing
