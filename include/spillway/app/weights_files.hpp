#pragma once

#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"
#include "spillway/score/weights.hpp"

/// A route's weights as files: the ones in use, and beside them the ones before.
namespace spillway::app {

/// "auto.weights" keeps the weights before in "auto.weights.previous".
[[nodiscard]] std::string previous_weights(const std::string& path);

/// The weights at `path`; the built-in ones when there is no such file, or none that this build can
/// use.
[[nodiscard]] Result<std::shared_ptr<const score::Weights>> weights_in_use(const std::string& path);

/// What starting would find out about the files that routes take their weights from.
/// @param file  Stands for the configuration in messages.
[[nodiscard]] std::vector<config::Problem> weights_problems(const config::Config& config,
                                                            const std::string& file);

/// Puts `weights` into use and keeps those before, the built-in ones included. A reader sees the
/// old file or the new one.
[[nodiscard]] Result<void> activate_weights(const score::Weights& weights, const std::string& path);

/// The two files change places, so that doing it twice changes nothing.
/// @return `bad_config` when there are none before, or they cannot be used any more.
[[nodiscard]] Result<void> undo_weights(const std::string& path);

}  // namespace spillway::app
