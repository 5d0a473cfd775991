#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "spillway/base/units.hpp"

namespace spillway::config {

/// Limits of one model name that clients ask for.
struct ModelRates {
    std::optional<std::int64_t> rpm;
    std::optional<std::int64_t> tpm;
    std::optional<std::int64_t> max_parallel;
    friend bool operator==(const ModelRates&, const ModelRates&) = default;
};

/// Our own `rate_limits:` section: what holds for all callers together. Limits of keys, teams and
/// users come with the key.
struct RateLimits {
    std::optional<std::int64_t> rpm;
    std::optional<std::int64_t> tpm;
    std::map<std::string, ModelRates> models;
    /// What is set aside for an answer when the client does not say how long it may be.
    Tokens assumed_answer{1'024};
};

/// `general_settings.token_rate_limit_type`.
enum class TokenRateType : std::uint8_t { total, input, output };

struct Router;
/// Are the `rpm` and `tpm` of deployments limits, or just weights?
[[nodiscard]] bool enforces_rpm(const Router& router);
[[nodiscard]] bool enforces_tpm(const Router& router);

}  // namespace spillway::config
