#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "spillway/base/units.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/chat/model_facts.hpp"
#include "spillway/route/fleet_view.hpp"

namespace spillway::guard {

/// One look at whether a deployment is there, without a model being asked.
struct HealthCheck {
    TimePoint when{};  ///< It began.
    Millis took{};
    std::string trouble;  ///< Empty: it is there.
};

/// What an engine said of one of its models.
struct ModelReport {
    TimePoint when{};  ///< The question began.
    chat::ModelFacts facts;
};

/// What is left of a provider's limit, as it last said.
struct QuotaLeft {
    std::int64_t left = 0;
    TimePoint until{};
};

enum class Standing : std::uint8_t {
    healthy,
    resting,    ///< Until `DeploymentState::rests_until`.
    half_open,  ///< Its rest is over, its first answer since is not there yet.
    probing,    ///< As before, and the one request that may try is out.
};

enum class RestCause : std::uint8_t { failures, slowness };

/// All that is known of one deployment, for people.
struct Health {
    route::DeploymentState state;
    Standing standing = Standing::healthy;
    RestCause cause = RestCause::failures;      ///< Of the last rest.
    std::optional<chat::FailureClass> failure;  ///< That began it.
    std::optional<TimePoint> answered;          ///< The last time.
    std::optional<HealthCheck> check;           ///< The last one.
    std::optional<ModelReport> report;          ///< The last one.
    std::optional<QuotaLeft> requests;
    std::optional<QuotaLeft> tokens;
};

}  // namespace spillway::guard
