#include "spillway/app/drain.hpp"

#include <utility>

#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

constexpr Millis pace{20};
constexpr Millis speak_every{5'000};
/// How long aborted requests may take to settle their records.
constexpr Millis last_grace{3'000};

}  // namespace

Drain::Drain(boost::asio::io_context& control, DrainSteps steps)
    : steps_(std::move(steps)), timer_(control)
{}

void Drain::signal()
{
    ++signals_;
    const auto now = std::chrono::steady_clock::now();
    if (rung_ == Rung::serving) {
        rung_ = Rung::waiting;
        until_ = now + steps_.patience;
        speak_at_ = now + speak_every;
        steps_.refuse();
        SPILLWAY_INFO("stopping: {} connections finish first, for {} s at most", steps_.remaining(),
                      steps_.patience.count() / 1000);
        wait();
    } else if (rung_ == Rung::waiting) {
        SPILLWAY_WARN("second signal: ending at once");
        abort(now);
    }
}

void Drain::abort(TimePoint now)
{
    rung_ = Rung::aborting;
    until_ = now + last_grace;
    steps_.abort();
}

void Drain::step(TimePoint now)
{
    const auto remaining = steps_.remaining();
    if (remaining == 0 || (rung_ == Rung::aborting && now >= until_)) {
        rung_ = Rung::finished;
        steps_.finished();
        return;
    }
    if (rung_ == Rung::waiting && now >= until_) {
        SPILLWAY_WARN("{} connections did not finish in time: closing them", remaining);
        abort(now);
    }
    if (now >= speak_at_) {
        SPILLWAY_INFO("still waiting for {} connections", remaining);
        speak_at_ = now + speak_every;
    }
    wait();
}

void Drain::wait()
{
    timer_.expires_after(pace);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            step(std::chrono::steady_clock::now());
    });
}

}  // namespace spillway::app
