#include "spillway/instances/key_watch.hpp"

#include <poll.h>
#include <pthread.h>

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/keys/move_records.hpp"
#include "spillway/keys/postgres_store.hpp"
#include "spillway/postgres/dialer.hpp"

namespace spillway::instances {

namespace {

using std::chrono::steady_clock;

constexpr Millis between_looks{1'000};
constexpr Millis patience{3'000};

}  // namespace

keys::State state_after(Millis silent, Millis memory)
{
    if (silent <= Millis{0})
        return keys::State::known;
    return silent < memory ? keys::State::unsure : keys::State::lost;
}

/// On the thread.
struct KeyWatch::Work {
    explicit Work(Parts given)
        : parts(std::move(given)),
          shared(keys::make_postgres_store(parts.database_url, parts.stop)),
          dialer(parts.database_url)
    {}

    void run()
    {
        while (!stopping()) {
            listen();
            look();
            wait();
        }
    }

    [[nodiscard]] bool stopping() const
    {
        pollfd raised{parts.stop->descriptor(), POLLIN, 0};
        return ::poll(&raised, 1, 0) > 0;
    }

    /// Before the look, so that nothing falls between the two.
    void listen()
    {
        if (session)
            return;
        auto connected = dialer.dial(parts.stop->descriptor());
        if (!connected)
            return;
        session.emplace(std::move(*connected));
        session->set_patience(patience);
        if (!session->run("LISTEN spillway_keys"))
            session.reset();
    }

    void look()
    {
        empty_inbox();
        auto looked = parts.book.catch_up();
        const auto now = steady_clock::now();
        if (looked)
            seen = now;
        if (stopping())
            return;
        // A moment at least, so that a database that did not answer is never taken for one that
        // did.
        const auto silent =
            looked ? Millis{0}
                   : std::max(Millis{1}, std::chrono::duration_cast<Millis>(now - seen));
        parts.book.set_state(state_after(silent, parts.memory));
        if (!looked && !std::exchange(complained, true))
            SPILLWAY_WARN("{}; keys are served as they are known, others get 503",
                          looked.error().message());
        if (looked && std::exchange(complained, false))
            SPILLWAY_INFO("PostgreSQL: keys are shared again");
    }

    void empty_inbox()
    {
        if (!parts.inbox)
            return;
        const auto news = parts.inbox->changed_since(inbox_version);
        if (!news || news->rows.empty())
            return;
        const auto moved = keys::move_records(*parts.inbox, *shared);
        if (!moved)
            return;
        inbox_version = news->version;
        if (*moved > 0)
            SPILLWAY_INFO("keys: moved {} records from this instance's file to PostgreSQL", *moved);
    }

    void wait()
    {
        std::array<pollfd, 2> waiting{pollfd{parts.stop->descriptor(), POLLIN, 0},
                                      pollfd{session ? session->descriptor() : -1, POLLIN, 0}};
        // A signal that interrupts it only makes a look come early.
        (void)::poll(waiting.data(), waiting.size(), static_cast<int>(between_looks.count()));
        if (!session || waiting[1].revents == 0)
            return;
        if (!session->alive())
            session.reset();
        else
            (void)session->take_notifications();
    }

    Parts parts;
    std::unique_ptr<keys::Store> shared;  ///< For the inbox; the book has its own.
    postgres::Dialer dialer;
    std::optional<postgres::Session> session;
    keys::Version inbox_version = 0;
    TimePoint seen = steady_clock::now() - parts.silent;
    bool complained = false;
};

KeyWatch::KeyWatch(Parts parts) : stop_(parts.stop)
{
    thread_ = std::thread([work = std::make_shared<Work>(std::move(parts))] { work->run(); });
    pthread_setname_np(thread_.native_handle(), "keys");
}

KeyWatch::~KeyWatch()
{
    stop_->raise();
    thread_.join();
}

}  // namespace spillway::instances
