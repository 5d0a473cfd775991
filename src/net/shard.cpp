#include "spillway/net/shard.hpp"

#include <boost/asio/post.hpp>

#include "spillway/net/server_connection.hpp"
#include "spillway/net/upstream.hpp"

namespace spillway::net {

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
    // Coroutines that still wait own connections; let them see that all is over and end.
    abort();
    io_.restart();
    for (int rounds = 0; rounds < 1000 && (first_ != nullptr || pauses_ != nullptr); ++rounds)
        io_.poll();
    upstreams_.reset();
    io_.poll();
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
    io_.run();
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
    upstreams_->close_idle();
}

void Shard::join(ServerConnection& connection)
{
    connection.next_ = first_;
    if (first_ != nullptr)
        first_->previous_ = &connection;
    first_ = &connection;
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
