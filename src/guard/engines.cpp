#include "spillway/guard/engines.hpp"

#include <algorithm>
#include <utility>

namespace spillway::guard {
namespace {

engine::QueueSettings queue_settings(const config::Queue& settings)
{
    engine::QueueSettings out;
    out.most_waiting = settings.size;
    out.turn = settings.turn;
    out.batch_ages = settings.batch_ages;
    return out;
}

/// What the file says of the engine, under either name of this machine.
const config::EngineLimits* said_of(const config::Queue& settings, const std::string& address)
{
    constexpr std::string_view loopback = "127.0.0.1:";
    auto found = settings.engines.find(address);
    if (found == settings.engines.end() && address.starts_with(loopback))
        found = settings.engines.find("localhost:" + address.substr(loopback.size()));
    return found != settings.engines.end() ? &found->second : nullptr;
}

/// Of all that sit there: the file's word for the engine, else the most that one of them asks for.
engine::EngineSettings engine_settings(const std::vector<EngineSeat>& seats,
                                       const EngineSeat& first, const config::Queue& settings)
{
    engine::EngineSettings out;
    out.kind = first.kind;
    for (const auto& seat : seats) {
        if (seat.address == first.address && seat.slots) {
            out.slots = std::max(out.slots.value_or(1), *seat.slots);
        }
    }
    if (const auto* said = said_of(settings, first.address)) {
        out.memory = said->memory;
        out.slots = said->slots ? said->slots : out.slots;
    }
    return out;
}

std::shared_ptr<EngineGate> known(const std::vector<std::shared_ptr<EngineGate>>& gates,
                                  const std::string& address)
{
    const auto found = std::find_if(gates.begin(), gates.end(),
                                    [&](const auto& gate) { return gate->address() == address; });
    return found != gates.end() ? *found : nullptr;
}

}  // namespace

Engines::Engines(std::vector<EngineSeat> seats, const config::Queue& settings,
                 const Engines* previous)
    : seats_(std::move(seats))
{
    by_deployment_.reserve(seats_.size());
    for (const auto& seat : seats_) {
        if (seat.address.empty()) {
            by_deployment_.push_back(nullptr);
            continue;
        }
        auto gate = known(gates_, seat.address);
        if (!gate) {
            const auto engine = engine_settings(seats_, seat, settings);
            gate = previous != nullptr ? known(previous->gates_, seat.address) : nullptr;
            if (gate) {
                gate->settle(engine, queue_settings(settings));
            } else {
                gate = std::make_shared<EngineGate>(seat.address, engine, queue_settings(settings));
            }
            gates_.push_back(gate);
        }
        by_deployment_.push_back(gate.get());
    }
}

std::optional<Millis> Engines::expected_wait(DeploymentIndex deployment, TimePoint now) const
{
    auto* const gate = of(deployment);
    if (gate == nullptr || seats_[at(deployment)].model.empty()) {
        return std::nullopt;
    }
    EngineWish wish;
    wish.model = seats_[at(deployment)].model;
    const auto forecast = gate->forecast(wish, now);
    return forecast ? std::optional(forecast->total() + forecast->load) : std::nullopt;
}

}  // namespace spillway::guard
