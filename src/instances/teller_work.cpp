#include "teller_work.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <span>

#include "spillway/base/log.hpp"

namespace spillway::instances {

namespace {

using std::chrono::steady_clock;

constexpr Millis beat_pause{1'000};
constexpr std::chrono::seconds sweep_pause{60};
/// Between two rounds that somebody rang for: what comes together is asked together.
constexpr Millis short_quiet{2};
/// After one that found too little: others need time to give back.
constexpr Millis hungry_quiet{40};
constexpr Millis first_pause{50};
constexpr Millis longest_pause{5'000};
constexpr int most_doublings = 7;
constexpr std::size_t most_at_once = 500;
/// An instance whose lease nobody used for so long gives the rest back unasked.
constexpr std::chrono::seconds idle_after{10};
/// ... and for so long when others wait for it.
constexpr std::chrono::seconds quiet_after{1};
constexpr Millis join_patience{5'000};
constexpr Millis round_patience{2'000};

Millis until(TimePoint when)
{
    return std::max(Millis{0}, std::chrono::ceil<Millis>(when - steady_clock::now()));
}

void wait_for(std::span<pollfd> waiting, Millis pause)
{
    // A signal that interrupts it only makes a round come early.
    (void)::poll(waiting.data(), waiting.size(), static_cast<int>(pause.count()));
}

}  // namespace

/// What the owner lends is used under the mutex: it takes it away when it cannot wait any longer.
template <class Use>
void TellerWork::with_wares(Use use)
{
    const std::lock_guard hold(office_->mutex);
    if (office_->wares)
        use(*office_->wares);
}

void TellerWork::run()
{
    while (!office_->leaving) {
        office_->bell.lower();
        office_->rung = false;
        std::uint64_t settles = 0;
        {
            const std::lock_guard hold(office_->mutex);
            settles = office_->settles_asked;
        }
        const bool done = connect() && work();
        if (done)
            note_success();
        conclude(settles);
        if (done)
            listen(next_beat_);
        else
            rest(steady_clock::now() + pause());
    }
    farewell();
}

bool TellerWork::connect()
{
    if (session_)
        return true;
    auto session = dialer_.dial(office_->stop.descriptor());
    if (!session) {
        lose(session.error());
        return false;
    }
    session_.emplace(std::move(*session));
    bank_.emplace(*session_, identity_);
    session_->set_patience(join_patience);
    // Once: later it would take the place of a process that took ours.
    if (auto joined = bank_->join(joined_ ? Bank::Takeover::no : Bank::Takeover::yes); !joined) {
        lose(joined.error());
        return false;
    }
    joined_ = true;
    session_->set_patience(round_patience);
    return true;
}

/// One round: what is wanted here, what others want, and the sign of life.
bool TellerWork::work()
{
    const auto now = steady_clock::now();
    const bool due = now >= next_beat_;
    hungry_ = false;
    if ((due || told_) && !beat(now))
        return false;
    std::size_t taken = 0;
    do {
        taken = gather(now);
        if (!put_all())
            return false;
    } while (taken == most_at_once && !office_->leaving);
    if (due)
        next_beat_ = now + beat_pause;
    count_heads();
    return true;
}

/// Remembers how many there are, for a start without the database.
void TellerWork::count_heads()
{
    std::size_t live = 0;
    {
        const std::lock_guard hold(office_->mutex);
        live = office_->state.live;
    }
    if (const auto usual = heads_.see(live, steady_clock::now()); usual && remember_)
        remember_(*usual);
}

/// Gives back what others wait for and what nobody used for long; now and then sweeps.
bool TellerWork::beat(TimePoint now)
{
    told_ = false;
    auto wanted = bank_->wanted_elsewhere();
    if (!wanted) {
        lose(wanted.error());
        return false;
    }
    for (const auto& key : *wanted) {
        const auto held = held_.find(key);
        if (held == held_.end())
            continue;
        const bool serving = now - held->second.used < quiet_after;
        give_back(held->second.ware, serving ? Need::serving : Need::idle);
    }
    for (auto& [key, held] : held_) {
        if (held.idle || now - held.used < idle_after)
            continue;
        held.idle = true;
        give_back(held.ware, Need::idle);
    }
    if (now < next_sweep_)
        return true;
    next_sweep_ = now + sweep_pause;
    forget_ended();
    if (auto swept = bank_->sweep(); !swept) {
        lose(swept.error());
        return false;
    }
    return true;
}

void TellerWork::forget_ended()
{
    with_wares([this](Wares& wares) {
        std::erase_if(held_, [&](const auto& each) { return !wares.stock(each.second.ware); });
    });
}

/// Takes what changed in the budgets. @return How many windows.
std::size_t TellerWork::gather(TimePoint now)
{
    std::vector<Demand> demands;
    with_wares([&](Wares& wares) { demands = wares.take_demands(most_at_once); });
    for (const auto& demand : demands) {
        const auto key = key_of(demand.ware);
        auto& pending = pending_[key];
        pending.ware = demand.ware;
        pending.refused += demand.refused;
        if (demand.least > 0)
            pending.least =
                pending.least == 0 ? demand.least : std::min(pending.least, demand.least);
        if (const auto held = held_.find(key); held != held_.end()) {
            held->second.used = now;
            held->second.idle = false;
        }
    }
    return demands.size();
}

/// Takes what is not needed out of use, and notes that it is to be given back.
void TellerWork::give_back(const Ware& ware, Need need)
{
    std::optional<std::int64_t> left;
    with_wares([&](Wares& wares) {
        if (const auto at = wares.stock(ware))
            left = wares.lower(ware, kept_of(at->lease, at->spent + at->reserved, need));
    });
    if (!left)
        return;
    auto& pending = pending_[key_of(ware)];
    pending.ware = ware;
    pending.keep = left;
}

std::vector<Ask> TellerWork::make_asks()
{
    std::vector<Ask> asks;
    with_wares([&](Wares& wares) {
        for (auto each = pending_.begin(); each != pending_.end() && asks.size() < most_at_once;) {
            const auto& [key, pending] = *each;
            const auto at = wares.stock(pending.ware);
            if (!at) {
                each = pending_.erase(each);
                continue;
            }
            Ask ask{key,           at->ends,   at->cap, at->spent, at->reserved, pending.refused,
                    pending.least, at->tenure, {},      {}};
            if (pending.refused == 0)
                ask.keep = pending.keep;
            if (const auto held = held_.find(key); held != held_.end())
                ask.lost = held->second.lost;
            asks.push_back(std::move(ask));
            ++each;
        }
    });
    return asks;
}

/// Settles all that is pending; a round without asks is a sign of life.
bool TellerWork::put_all()
{
    do {
        const auto asks = make_asks();
        const auto round = bank_->round(asks);
        if (!round) {
            if (round.error().sqlstate == Bank::lost_identity)
                drop_leases();
            lose(round.error());
            return false;
        }
        take(asks, *round);
    } while (!pending_.empty());
    return true;
}

void TellerWork::take(const std::vector<Ask>& asks, const Round& round)
{
    const std::lock_guard hold(office_->mutex);
    if (!office_->wares) {
        pending_.clear();
        return;
    }
    office_->wares->clock().told(round.database, round.asked, round.answered);
    auto& state = office_->state;
    for (std::size_t i = 0; i < asks.size(); ++i) {
        const auto& ask = asks[i];
        const auto& answer = round.answers[i];
        const auto pending = pending_.find(ask.window);
        auto [held, fresh] = held_.try_emplace(ask.window);
        if (fresh)
            held->second.used = steady_clock::now();
        held->second.ware = pending->second.ware;
        held->second.lost = answer.lost;
        office_->wares->lease(held->second.ware, answer);
        pending_.erase(pending);
        const bool hungry = answer.hungry == Share::Hungry::yes;
        hungry_ = hungry_ || hungry;
        state.hungry += hungry ? 1 : 0;
        state.given_back += ask.keep ? 1 : 0;
    }
    state.live = round.live;
    state.leases = held_.size();
    ++state.rounds;
}

/// Somebody else spends what this process held: nothing more may be spent of it here.
void TellerWork::drop_leases()
{
    with_wares([this](Wares& wares) {
        for (const auto& [key, held] : held_)
            (void)wares.lower(held.ware, 0);
    });
}

void TellerWork::lose(const postgres::Trouble& trouble)
{
    bank_.reset();
    session_.reset();
    ++failures_;
    // Who waits will say again what it wants.
    for (auto& [key, pending] : pending_)
        pending.refused = pending.least = 0;
    note(trouble.message);
}

/// Says a trouble once, not at every attempt.
void TellerWork::note(const std::string& trouble)
{
    if (office_->leaving)
        return;
    if (trouble != last_logged_) {
        SPILLWAY_WARN("PostgreSQL: {}; budgets are spent from what this instance holds of them",
                      trouble);
        last_logged_ = trouble;
    }
    const std::lock_guard hold(office_->mutex);
    office_->state.connected = false;
    office_->state.last_error = trouble;
    const auto live = office_->state.live > 0 ? office_->state.live : heads_.usual();
    if (office_->wares)
        office_->wares->rates().alone_of(live);
    if (office_->desk != nullptr)
        office_->desk->set(guard::LeaseDesk::State::away);
}

void TellerWork::note_success()
{
    failures_ = 0;
    if (!last_logged_.empty())
        SPILLWAY_INFO("PostgreSQL: budgets are shared again");
    last_logged_.clear();
    const std::lock_guard hold(office_->mutex);
    office_->state.connected = true;
    office_->state.last_error.clear();
    if (office_->wares)
        office_->wares->rates().alone_of(0);
    if (office_->desk != nullptr)
        office_->desk->set(guard::LeaseDesk::State::open);
}

/// Wakes who waited for this round, however it went.
void TellerWork::conclude(std::uint64_t settles)
{
    {
        const std::lock_guard hold(office_->mutex);
        office_->settles_served = std::max(office_->settles_served, settles);
        if (office_->desk != nullptr)
            office_->desk->answered();
    }
    office_->changed.notify_all();
}

void TellerWork::rest(TimePoint when)
{
    std::array<pollfd, 2> waiting{pollfd{office_->stop.descriptor(), POLLIN, 0},
                                  pollfd{office_->leave.descriptor(), POLLIN, 0}};
    wait_for(waiting, until(when));
}

/// Until the next beat, or until somebody rings or others call.
void TellerWork::listen(TimePoint when)
{
    rest(steady_clock::now() + (hungry_ ? Millis{0} : short_quiet));
    const auto bell_from = steady_clock::now() + (hungry_ ? hungry_quiet : Millis{0});
    while (!office_->leaving && session_) {
        // Also those that came while something else was asked.
        for (const auto& sender : session_->take_notifications())
            told_ = told_ || sender != identity_.id;
        if (told_)
            return;
        const auto now = steady_clock::now();
        const bool deaf = now < bell_from;
        std::array<pollfd, 4> waiting{pollfd{office_->stop.descriptor(), POLLIN, 0},
                                      pollfd{office_->leave.descriptor(), POLLIN, 0},
                                      pollfd{session_->descriptor(), POLLIN, 0},
                                      pollfd{deaf ? -1 : office_->bell.descriptor(), POLLIN, 0}};
        wait_for(waiting, until(deaf ? std::min(when, bell_from) : when));
        if (waiting[2].revents != 0 && !session_->alive()) {
            lose({"", "PostgreSQL closed the connection"});
            return;
        }
        if (waiting[3].revents != 0 || steady_clock::now() >= when)
            return;
    }
}

/// Gives back all that is not spent. What is reserved still is charged by who holds it.
void TellerWork::farewell()
{
    if (!session_)
        return;
    (void)gather(steady_clock::now());
    for (auto& [key, pending] : pending_)
        pending.refused = pending.least = 0;
    for (const auto& [key, held] : held_)
        give_back(held.ware, Need::idle);
    if (put_all())
        (void)bank_->leave();
}

Millis TellerWork::pause()
{
    const auto whole =
        std::min(first_pause * (1 << std::min(failures_, most_doublings)), longest_pause);
    const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
    return Millis{static_cast<std::int64_t>(half + chance_.draw() % (half + 1))};
}

}  // namespace spillway::instances
