#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "spillway/base/units.hpp"

namespace spillway::app {

/// What the drain acts on; closures, so that the ladder is tested without sockets.
struct DrainSteps {
    std::function<void()> refuse;  ///< Readiness turns, the listener closes, idle connections go.
    /// End upstream calls, so that open streams get their error event and a clean end. Called
    /// again and again, because a request may fall back to another deployment.
    std::function<void()> cut;
    std::function<void()> abort;             ///< Close every connection that is left.
    std::function<std::size_t()> remaining;  ///< Client connections still open.
    std::function<void()> finished;
    std::function<Millis()> patience;  ///< For running requests to finish by themselves.
};

/// The ladder of a shutdown (house plan 3.7): refuse and wait, cut and wait a little, abort and
/// wait a little, done. Says every five seconds what it still waits for. Control thread.
class Drain {
public:
    Drain(boost::asio::io_context& control, DrainSteps steps);

    /// The first call begins the ladder, a second one goes straight to the abort. Signals of one
    /// breath are one: `timeout` signals its child and then the group that the child is in.
    void signal(TimePoint now);
    /// True when the end was reached without a second signal.
    [[nodiscard]] bool orderly() const noexcept { return signals_ < 2; }

private:
    void step(TimePoint now);
    void climb(TimePoint now);
    void cut(TimePoint now);
    void abort(TimePoint now);
    void wait();

    enum class Rung : std::uint8_t { serving, waiting, cutting, aborting, finished };

    DrainSteps steps_;
    boost::asio::steady_timer timer_;
    Rung rung_ = Rung::serving;
    int signals_ = 0;
    TimePoint begun_{};
    TimePoint until_{};
    TimePoint speak_at_{};
};

}  // namespace spillway::app
