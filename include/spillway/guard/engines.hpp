#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spillway/config/queue.hpp"
#include "spillway/guard/engine_gate.hpp"

namespace spillway::guard {

/// On which local engine a deployment sits.
struct EngineSeat {
    std::string address;  ///< "host:port"; empty: on none.
    engine::Kind kind = engine::Kind::ollama;
    std::string model;  ///< As the engine calls it; empty where requests name it.
    std::optional<std::uint32_t> slots;
};

/// The local engines behind the deployments of one configuration. Deployments with one address
/// share one gate, and so do those of the configuration before: requests that still run there hold
/// their slots, and what was learned stays. Any thread.
class Engines {
public:
    /// @param seats     By `DeploymentIndex`.
    /// @param previous  May be null.
    Engines(std::vector<EngineSeat> seats, const config::Queue& settings, const Engines* previous);

    /// Null for a deployment that sits on none.
    [[nodiscard]] EngineGate* of(DeploymentIndex deployment) const noexcept
    {
        const auto index = at(deployment);
        return index < by_deployment_.size() ? by_deployment_[index] : nullptr;
    }
    [[nodiscard]] const EngineSeat& seat(DeploymentIndex deployment) const
    {
        return seats_[at(deployment)];
    }
    /// As in `route::DeploymentState`. Empty also where requests name the model.
    [[nodiscard]] std::optional<Millis> expected_wait(DeploymentIndex deployment,
                                                      TimePoint now) const;
    /// Each once.
    [[nodiscard]] const std::vector<std::shared_ptr<EngineGate>>& all() const { return gates_; }

private:
    std::vector<EngineSeat> seats_;
    std::vector<std::shared_ptr<EngineGate>> gates_;
    std::vector<EngineGate*> by_deployment_;
};

}  // namespace spillway::guard
