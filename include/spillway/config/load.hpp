#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"

namespace spillway::config {

/// Looks an environment variable up; empty when unset. A parameter so that tests need no setenv.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's own environment.
[[nodiscard]] Environment process_environment();

/// `outer` as the file sees it: its own `environment_variables` come first. This is the one to give
/// to `resolve`. Keeps a copy of what it needs of `config`.
[[nodiscard]] Environment environment_of(const Config& config, Environment outer);

/// What came of reading a file: a configuration, or at least one problem of level `error`.
/// Warnings and `keys_seen` are there in both cases.
struct Loaded {
    std::optional<Config> config;
    std::vector<Problem> problems;
    std::vector<KeySeen> keys_seen;
};

/// Reads `path` and all it includes. Every problem in one run, each with file, line and column and,
/// for an unknown key of ours, the nearest known one. Never throws; bounded: 1 MB per file, 32
/// files, depth 64, 50,000 values, of which aliases may make 10,000.
[[nodiscard]] Loaded load_file(const std::string& path, const Environment& environment);

/// The same from text, for tests and fuzzing; `name` stands for the file in messages. `include`
/// is refused here.
[[nodiscard]] Loaded load_text(std::string_view yaml, std::string name,
                               const Environment& environment);

}  // namespace spillway::config
