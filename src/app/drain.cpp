#include "spillway/app/drain.hpp"

#include <utility>

#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

constexpr Millis pace{20};
constexpr Millis speak_every{5'000};
/// How long requests that were cut may take to say so and to settle their records.
constexpr Millis cut_grace{1'500};
constexpr Millis last_grace{2'000};
/// Shorter than a person takes to press a key again.
constexpr Millis one_breath{100};

}  // namespace

Drain::Drain(boost::asio::io_context& control, DrainSteps steps)
    : steps_(std::move(steps)), timer_(control)
{}

void Drain::signal(TimePoint now)
{
    if (rung_ != Rung::serving && now - begun_ < one_breath)
        return;
    ++signals_;
    if (rung_ == Rung::serving) {
        rung_ = Rung::waiting;
        begun_ = now;
        const auto patience = steps_.patience();
        until_ = now + patience;
        speak_at_ = now + speak_every;
        steps_.refuse();
        if (const auto open = steps_.remaining(); open > 0)
            SPILLWAY_INFO("stopping; connections still open: {}, they have {} s to finish", open,
                          patience.count() / 1000);
        else
            SPILLWAY_INFO("stopping; no connection is open");
        wait();
    } else if (rung_ == Rung::waiting || rung_ == Rung::cutting) {
        SPILLWAY_WARN("second signal: ending at once");
        abort(now);
    }
}

void Drain::cut(TimePoint now)
{
    rung_ = Rung::cutting;
    until_ = now + cut_grace;
    SPILLWAY_WARN("closing what did not finish in time; connections: {}", steps_.remaining());
}

void Drain::abort(TimePoint now)
{
    rung_ = Rung::aborting;
    until_ = now + last_grace;
    steps_.abort();
}

/// The time of this rung is over.
void Drain::climb(TimePoint now)
{
    switch (rung_) {
        case Rung::waiting:
            return cut(now);
        case Rung::cutting:
            return abort(now);
        case Rung::aborting:
            rung_ = Rung::finished;
            return;
        case Rung::serving:
        case Rung::finished:
            return;
    }
}

void Drain::step(TimePoint now)
{
    if (now >= until_)
        climb(now);
    if (rung_ == Rung::cutting)
        steps_.cut();
    if (rung_ == Rung::finished || steps_.remaining() == 0) {
        rung_ = Rung::finished;
        steps_.finished();
        return;
    }
    if (now >= speak_at_) {
        SPILLWAY_INFO("still waiting; connections: {}", steps_.remaining());
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
