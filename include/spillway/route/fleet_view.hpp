#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/token_wish.hpp"

namespace spillway::route {

/// What one of the operator's limits on a deployment (`rpm`, `tpm`) leaves, where it is enforced.
struct RateRoom {
    /// What this instance has of a limit that several share.
    struct Part {
        std::int64_t per_minute = 0;
        TimePoint grows_at{};  ///< Others may have handed on more of it by then.
    };
    std::optional<std::int64_t> per_minute;  ///< Empty: no limit.
    /// It refills by a sixtieth per second from then on: of the part, where there is one.
    TimePoint empty_at{};
    std::optional<Part> part{};  ///< Empty: all of it.

    /// From when on it admits so many; `TimePoint::max()` for more than it ever holds.
    [[nodiscard]] TimePoint admits_at(std::int64_t units) const;
};

/// Health, load and latency of one deployment at the moment of asking.
struct DeploymentState {
    TimePoint rests_until{};  ///< Cooldown or open breaker; in the past means: serves.
    bool probing = false;     ///< Half open and its one probe is out: nobody else may try.
    std::uint32_t in_flight = 0;
    double first_token_ms = 0;  ///< Rises at once, falls slowly; 0: not measured lately.
    double tokens_last_minute = 0;
    /// Its model is loaded: as the engine says, else guessed from an answer lately.
    bool warm = false;
    bool loading = false;          ///< The engine said lately that it loads its model.
    std::optional<Tokens> window;  ///< Of prompt and answer, as the engine told; else unknown.
    double tokens_per_second = 0;  ///< Of streams; 0: never measured.
    std::uint32_t requests_last_minute = 0;
    bool unreachable = false;  ///< Its last health check failed, and nothing succeeded since.
    TimePoint requests_spent_until{};  ///< The provider said that no request is left until then.
    TimePoint tokens_known_until{};    ///< How long `tokens_left` is what the provider allows.
    Tokens tokens_left{};
    RateRoom requests_room;
    RateRoom tokens_room;
    /// Until a request with a short prompt would get its first token, as the queue in front of its
    /// engine foresees it; a load counts twice, because it costs the engine's others as well. Empty
    /// where there is no queue, or nobody else in the group.
    std::optional<Millis> expected_wait{};
    /// What this instance has of `max_parallel_requests` where several share it; empty: all, or it
    /// can have more for the asking.
    std::optional<std::uint32_t> places{};
    /// From when on asking may bring more of a limit that is shared; empty: it holds all there is.
    std::optional<TimePoint> part_grows_at{};

    /// From when on the operator's own limits admit the request. Unlike what a provider told, they
    /// hold in any case.
    [[nodiscard]] TimePoint admits_at(const chat::TokenWish& wish) const;
    [[nodiscard]] bool serves(TimePoint now) const { return rests_until <= now && !probing; }
    /// Would asking it most likely fail? Unlike one that rests, it is asked when nobody else can
    /// serve: a check may be wrong, and a provider may count differently from what it says.
    [[nodiscard]] bool doubtful(Tokens prompt, TimePoint now) const
    {
        return unreachable || loading || spent(prompt, now);
    }
    /// Is the provider's quota too small for the prompt, as far as it told?
    [[nodiscard]] bool spent(Tokens prompt, TimePoint now) const
    {
        const auto needed = prompt > Tokens{1} ? prompt : Tokens{1};
        return requests_spent_until > now || (tokens_known_until > now && tokens_left < needed);
    }
};

/// Where a view reads a deployment's state.
class FleetSource {
public:
    [[nodiscard]] virtual DeploymentState state(DeploymentIndex deployment,
                                                TimePoint now) const = 0;

protected:
    FleetSource() = default;
    FleetSource(const FleetSource&) = default;
    FleetSource& operator=(const FleetSource&) = default;
    ~FleetSource() = default;
};

/// Picture of all deployments, by `DeploymentIndex`. A state is read when it is first looked at and
/// stays the same until the next `look`: a request sees few of a fleet's deployments, and a
/// decision between them needs a picture that holds still. One thread.
class FleetView {
public:
    FleetView() = default;
    explicit FleetView(std::vector<DeploymentState> known) : states(std::move(known)) {}

    /// Forgets the picture before. @param source  Outlives every look at this picture.
    void look(const FleetSource& source, std::size_t deployments, TimePoint now)
    {
        source_ = &source;
        now_ = now;
        ++picture_;
        states.resize(deployments);
        read_in_.resize(deployments, 0);
    }

    [[nodiscard]] const DeploymentState& operator[](DeploymentIndex index) const
    {
        if (source_ != nullptr && std::exchange(read_in_[at(index)], picture_) != picture_)
            states[at(index)] = source_->state(index, now_);
        return states[at(index)];
    }

    /// What is known so far; all there is when no source was looked at.
    mutable std::vector<DeploymentState> states;

private:
    const FleetSource* source_ = nullptr;
    TimePoint now_{};
    std::uint64_t picture_ = 0;
    mutable std::vector<std::uint64_t> read_in_;  ///< The picture in which each was read.
};

}  // namespace spillway::route
