#include "courier.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <span>

#include "postgres_schema.hpp"
#include "spillway/base/log.hpp"

namespace spillway::ledger {
namespace {

using std::chrono::steady_clock;

constexpr int batch_size = 500;
constexpr const char* insert_name = "spillway_insert";
constexpr Millis first_pause{250};
constexpr Millis longest_pause{5'000};
constexpr int most_doublings = 5;
/// Records that come singly are collected for a moment: PostgreSQL syncs once per batch.
constexpr Millis linger{50};
constexpr Millis save_pause{250};
/// How long to wait without a nudge before looking by oneself.
constexpr Millis idle_pause{30'000};

void wait_for(std::span<pollfd> waiting, Millis pause)
{
    // A signal that interrupts it only makes a round come early.
    (void)::poll(waiting.data(), waiting.size(), static_cast<int>(pause.count()));
}

}  // namespace

Millis Backoff::next(std::uint64_t draw)
{
    const auto whole =
        std::min(first_pause * (1 << std::min(failures_, most_doublings)), longest_pause);
    ++failures_;
    const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
    return Millis{static_cast<std::int64_t>(half + draw % (half + 1))};
}

void Courier::run()
{
    while (!desk_->stopping) {
        switch (round()) {
            case Next::go_on:
                break;
            case Next::linger:
                rest(linger);
                break;
            case Next::idle:
                idle();
                break;
            case Next::back_off:
                rest(backoff_.next(chance_.draw()));
                break;
            case Next::look_again:
                rest(idle_pause);
                break;
            case Next::give_up:
                return;
        }
    }
    if (outbox_) {
        save_mark();
    }
}

Courier::Next Courier::round()
{
    const std::uint64_t drains_asked = desk_->drains_asked;
    // In this order: a nudge in between finds `nudged` still set, but its records are read below.
    desk_->nudge.lower();
    desk_->nudged = false;
    if (!open_outbox()) {
        return Next::back_off;
    }
    if (auto waiting = outbox_->waiting()) {
        const std::lock_guard hold{desk_->mutex};
        desk_->state.waiting = *waiting;
        desk_->state.quarantined = outbox_->quarantined();
    }
    if (!pq_ && !load_library()) {
        return Next::look_again;
    }
    if (!url_ && !read_url()) {
        return Next::give_up;
    }
    if (!session_ && !connect()) {
        return Next::back_off;
    }
    auto parcels = outbox_->next(batch_size);
    if (!parcels) {
        outbox_.reset();
        note_trouble(parcels.error().message());
        return Next::back_off;
    }
    if (!parcels->empty()) {
        return ship(*parcels);
    }
    note_success();
    save_mark();
    serve_drains(drains_asked);
    return Next::idle;
}

bool Courier::open_outbox()
{
    if (outbox_ && outbox_->current()) {
        return true;
    }
    outbox_.reset();
    auto opened = Outbox::open(ledger_path_);
    if (!opened) {
        note_trouble(opened.error().message());
        return false;
    }
    outbox_.emplace(std::move(*opened));
    return true;
}

bool Courier::load_library()
{
    auto loaded = postgres::Library::load();
    if (!loaded) {
        note_trouble(loaded.error().message());
        return false;
    }
    pq_ = *loaded;
    return true;
}

bool Courier::read_url()
{
    auto url = postgres::read_database_url(*pq_, database_url_);
    if (!url) {
        SPILLWAY_ERROR("{}; spend records stay in the embedded ledger", url.error().message());
        const std::lock_guard hold{desk_->mutex};
        desk_->state.last_error = url.error().message();
        return false;
    }
    url_ = std::move(*url);
    return true;
}

bool Courier::connect()
{
    auto session = postgres::Session::connect(*pq_, *url_, desk_->stop.descriptor());
    if (!session) {
        note_trouble(session.error().message);
        return false;
    }
    auto ready = remote::migrate(*session);
    if (ready) {
        ready = session->prepare(insert_name, remote::insert_statement());
    }
    if (!ready) {
        note_trouble(ready.error().message);
        return false;
    }
    session_.emplace(std::move(*session));
    const std::lock_guard hold{desk_->mutex};
    desk_->state.connected = true;
    return true;
}

Courier::Next Courier::ship(const std::vector<Parcel>& parcels)
{
    std::vector<postgres::Row> rows;
    rows.reserve(parcels.size());
    for (const auto& parcel : parcels) {
        rows.push_back(remote::parameters_of(parcel.record));
    }
    const auto refused_for_good = [](const postgres::Verdict& verdict) {
        return verdict && postgres::remedy_for(verdict->sqlstate) == postgres::Remedy::set_aside;
    };
    auto verdicts = session_->send(insert_name, rows, postgres::Grouping::together);
    if (verdicts && std::any_of(verdicts->begin(), verdicts->end(), refused_for_good)) {
        // One bad row undoes its batch: every row alone then shows which it is.
        verdicts = session_->send(insert_name, rows, postgres::Grouping::singly);
    }
    if (!verdicts) {
        lose_session(verdicts.error().message);
        return Next::back_off;
    }
    std::vector<Refusal> refusals;
    for (std::size_t i = 0; i < parcels.size(); ++i) {
        const auto& verdict = (*verdicts)[i];
        if (refused_for_good(verdict)) {
            refusals.push_back({parcels[i].seq, verdict->sqlstate, verdict->message});
            SPILLWAY_ERROR("PostgreSQL refuses record {} ({}: {}); it is kept in `quarantine`",
                           parcels[i].record.id.text(), verdict->sqlstate, verdict->message);
        } else if (verdict) {
            lose_session(verdict->message);
            return Next::back_off;
        }
    }
    if (auto noted = outbox_->delivered(parcels.back().seq, refusals); !noted) {
        note_trouble(noted.error().message());
        return Next::back_off;
    }
    note_success();
    if (steady_clock::now() - saved_at_ > save_pause) {
        save_mark();
    }
    const auto waiting = outbox_->waiting();
    const std::lock_guard hold{desk_->mutex};
    desk_->state.shipped += parcels.size() - refusals.size();
    desk_->state.quarantined = outbox_->quarantined();
    desk_->state.waiting = waiting ? *waiting : 0;
    const bool whole_batch = parcels.size() == static_cast<std::size_t>(batch_size);
    const bool drained_for = desk_->drains_asked > desk_->drains_served;
    return whole_batch || drained_for ? Next::go_on : Next::linger;
}

void Courier::save_mark()
{
    saved_at_ = steady_clock::now();
    if (auto saved = outbox_->save(); !saved) {
        note_trouble(saved.error().message());
    }
}

void Courier::rest(Millis pause)
{
    std::array<pollfd, 2> waiting{pollfd{desk_->stop.descriptor(), POLLIN, 0},
                                  pollfd{desk_->hurry.descriptor(), POLLIN, 0}};
    wait_for(waiting, pause);
    desk_->hurry.lower();
}

void Courier::idle()
{
    std::array<pollfd, 4> waiting{
        pollfd{desk_->stop.descriptor(), POLLIN, 0}, pollfd{desk_->hurry.descriptor(), POLLIN, 0},
        pollfd{desk_->nudge.descriptor(), POLLIN, 0}, pollfd{session_->descriptor(), POLLIN, 0}};
    wait_for(waiting, idle_pause);
    desk_->hurry.lower();
    if (waiting[3].revents != 0 && !session_->alive()) {
        lose_session("PostgreSQL closed the connection");
    }
}

void Courier::lose_session(const std::string& why)
{
    session_.reset();
    note_trouble(why);
}

void Courier::note_success()
{
    backoff_.reset();
    std::uint64_t waiting = 0;
    {
        const std::lock_guard hold{desk_->mutex};
        desk_->state.last_error.clear();
        waiting = desk_->state.waiting;
    }
    if (!announced_) {
        SPILLWAY_INFO("PostgreSQL: shipping to {}, {} spend records waited", url_->place, waiting);
    }
    announced_ = true;
    last_logged_.clear();
}

/// Says a trouble once, not at every attempt.
void Courier::note_trouble(const std::string& why)
{
    if (desk_->stopping) {
        return;
    }
    {
        const std::lock_guard hold{desk_->mutex};
        desk_->state.connected = session_.has_value();
        desk_->state.last_error = why;
    }
    if (why != last_logged_) {
        SPILLWAY_WARN("PostgreSQL: {}; spend records wait in the embedded ledger", why);
        last_logged_ = why;
    }
    announced_ = false;
}

void Courier::serve_drains(std::uint64_t asked)
{
    {
        const std::lock_guard hold{desk_->mutex};
        desk_->drains_served = std::max(desk_->drains_served, asked);
        desk_->state.waiting = 0;
    }
    desk_->changed.notify_all();
}

}  // namespace spillway::ledger
