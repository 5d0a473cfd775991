#include "spillway/net/shard.hpp"

#include <boost/asio/post.hpp>
#include <new>

#include "spillway/base/log.hpp"
#include "spillway/net/server_connection.hpp"
#include "spillway/net/upstream.hpp"

namespace spillway::net {

namespace {
/// How long a stopped shard lets open work come to its end.
constexpr Millis last_turns{2'000};
}  // namespace

/// One sleeper; in the shard's list so that `abort` can wake it.
struct Shard::Pause {
    Pause(Shard& owner, Event& event)
        : shard(owner),
          wake(event),
          deadline(
              owner.wheel_, [](void* self) { static_cast<Pause*>(self)->wake.poke(); }, this),
          next(owner.pauses_)
    {
        if (next != nullptr)
            next->previous = this;
        owner.pauses_ = this;
    }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause()
    {
        (previous != nullptr ? previous->next : shard.pauses_) = next;
        if (next != nullptr)
            next->previous = previous;
    }

    Shard& shard;
    Event& wake;
    Deadline deadline;
    Pause* previous = nullptr;
    Pause* next;
};

Shard::Shard()
    : work_(boost::asio::make_work_guard(io_)), upstreams_(std::make_unique<UpstreamPool>(*this))
{}

Shard::~Shard()
{
    finish();
    // What is still posted is destroyed unrun: it may use what is gone already.
    upstreams_.reset();
}

bool Shard::busy() const noexcept
{
    return first_ != nullptr || pauses_ != nullptr || upstreams_->busy();
}

/// Coroutines that wait own connections and calls: they see that all is over, and end.
void Shard::finish()
{
    abort();
    io_.restart();
    const TimePoint until = std::chrono::steady_clock::now() + last_turns;
    while (busy() && std::chrono::steady_clock::now() < until)
        io_.run_one_for(DeadlineWheel::tick);
}

void Shard::post(std::function<void()> work)
{
    boost::asio::post(io_, std::move(work));
}

Task<void> Shard::sleep(Millis duration, Event* interrupt)
{
    Event own;
    Pause pause{*this, interrupt != nullptr ? *interrupt : own};
    if (aborted_)
        co_return;
    pause.deadline.expire_at(std::chrono::steady_clock::now() + duration);
    co_await pause.wake.wait();
}

void Shard::run()
{
    for (bool running = true; running;) {
        try {
            io_.run();
            running = false;
        } catch (const std::bad_alloc&) {
            // What asked for memory gave up its own request; everybody else goes on.
            SPILLWAY_ERROR("out of memory");
        }
    }
    finish();
}

void Shard::stop()
{
    io_.stop();
}

void Shard::drain()
{
    draining_ = true;
    for (ServerConnection* one = first_; one != nullptr; one = one->next_)
        one->drain();
    upstreams_->close_idle();
}

void Shard::abort()
{
    draining_ = true;
    aborted_ = true;
    for (ServerConnection* one = first_; one != nullptr; one = one->next_)
        one->abort();
    // Woken through the wheel: a sleeper that goes on may end other sleepers.
    for (Pause* one = pauses_; one != nullptr; one = one->next)
        one->deadline.expire_at(std::chrono::steady_clock::now());
    upstreams_->abort();
}

void Shard::join(ServerConnection& connection)
{
    connection.next_ = first_;
    if (first_ != nullptr)
        first_->previous_ = &connection;
    first_ = &connection;
    // Accepted before the end, handed over after it.
    if (aborted_)
        connection.abort();
}

void Shard::leave(ServerConnection& connection) noexcept
{
    if (connection.previous_ != nullptr)
        connection.previous_->next_ = connection.next_;
    else
        first_ = connection.next_;
    if (connection.next_ != nullptr)
        connection.next_->previous_ = connection.previous_;
    connections.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace spillway::net
