#include "spillway/app/news_desk.hpp"

#include <iterator>
#include <utility>

#include "spillway/app/budget_alert.hpp"
#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

/// The courier asks for one batch of each kind at a time.
constexpr std::size_t most_waiting = 4;
/// Another instance may be at a webhook that is down for so long without a word; it says every
/// minute that it still is (`AlertCourier`).
constexpr std::chrono::minutes silence{5};

ledger::Notice notice_of(const guard::BudgetNews& news)
{
    const auto& at = news.standing;
    return {{std::string(event_of(news.kind)), std::string(guard::word(at.scope.kind)),
             at.scope.name, config::text_of(at.period), at.opened, at.resets},
            alert_line(news),
            alert_json(news)};
}

/// Those at `positions`, which rise.
std::vector<ledger::Notice> some_of(std::vector<ledger::Notice> notices,
                                    const std::vector<std::size_t>& positions)
{
    std::vector<ledger::Notice> some;
    some.reserve(positions.size());
    for (const auto position : positions)
        some.push_back(std::move(notices[position]));
    return some;
}

void append(std::vector<ledger::Notice>& to, std::vector<ledger::Notice> more)
{
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

NewsDesk::NewsDesk(std::string ledger_path, const Secret* shared, const Clock& clock)
    : ledger_path_(std::move(ledger_path)), clock_(clock)
{
    if (shared != nullptr)
        board_.emplace(*shared, stop_);
    // Before this process takes any itself: those that it finds are another's.
    if (auto left = ledger::untold(ledger_path_))
        left_ = *std::move(left);
    else
        SPILLWAY_WARN("news of budgets: {}; what was not told before is not told now",
                      left.error().message());
    worker_ = std::make_unique<admin::Worker>(most_waiting, "too many news of budgets at once");
}

NewsDesk::~NewsDesk()
{
    finish();
    stop_->lower();
    mark();
}

void NewsDesk::finish()
{
    stop_->raise();
    worker_->finish();
}

/// On the worker's thread.
NewsDesk::Notices NewsDesk::claim(Notices notices)
{
    if (const auto noted = ledger::note_told(ledger_path_, notices, clock_.wall()))
        notices = some_of(std::move(notices), *noted);
    else
        SPILLWAY_WARN("news of budgets: {}; some may be told twice", noted.error().message());
    return claim_shared(std::move(notices));
}

/// Those that no other instance tells. Of the others this one's ledger has no more to say.
NewsDesk::Notices NewsDesk::claim_shared(Notices notices)
{
    if (!board_ || notices.empty())
        return notices;
    const auto taken = board_->claim(notices);
    if (!taken) {
        SPILLWAY_WARN("news of budgets: PostgreSQL: {}; other instances may tell them, too",
                      taken.error().message);
        return notices;
    }
    std::vector<ledger::Tiding> others;
    auto mine = taken->begin();
    for (std::size_t i = 0; i < notices.size(); ++i) {
        if (mine != taken->end() && *mine == i)
            ++mine;
        else
            others.push_back(notices[i].about);
    }
    if (!others.empty())
        if (const auto marked = ledger::mark_told(ledger_path_, others); !marked)
            SPILLWAY_WARN("news of budgets: {}", marked.error().message());
    return some_of(std::move(notices), *taken);
}

/// On the worker's thread.
NewsDesk::Notices NewsDesk::look(const std::vector<ledger::Tiding>& under_way)
{
    auto found = claim_shared(std::exchange(left_, {}));
    if (!board_)
        return found;
    if (!under_way.empty())
        (void)board_->renew(under_way);
    // Without an answer there is a next time.
    if (auto taken = board_->take_over(silence))
        append(found, *std::move(taken));
    return found;
}

net::Task<NewsDesk::Notices> NewsDesk::first_told(net::Shard& shard,
                                                  std::vector<guard::BudgetNews> news)
{
    // The job fills it in before its answer is posted; an asker without an answer tells all.
    auto notices = std::make_shared<Notices>();
    auto mine = std::make_shared<Notices>();
    for (const auto& each : news)
        notices->push_back(notice_of(each));
    admin::Worker::Job job = [this, notices, mine]() -> Result<std::string> {
        *mine = claim(*notices);
        return std::string();
    };
    auto asking = worker_->ask(shard, std::move(job));
    const auto asked = co_await std::move(asking);
    auto& first = asked ? *mine : *notices;
    co_return std::move(first);
}

net::Task<NewsDesk::Notices> NewsDesk::left_behind(net::Shard& shard,
                                                   std::vector<ledger::Tiding> under_way)
{
    auto found = std::make_shared<Notices>();
    admin::Worker::Job job = [this, found,
                              under_way = std::move(under_way)]() -> Result<std::string> {
        *found = look(under_way);
        return std::string();
    };
    auto asking = worker_->ask(shard, std::move(job));
    const auto asked = co_await std::move(asking);
    (void)asked;  // Without an answer nothing was found.
    co_return std::move(*found);
}

void NewsDesk::told(ledger::Tiding tiding)
{
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(tiding));
}

net::Task<void> NewsDesk::note(net::Shard& shard)
{
    admin::Worker::Job job = [this]() -> Result<std::string> {
        mark();
        return std::string();
    };
    auto asking = worker_->ask(shard, std::move(job));
    // One that is too many is done by the one before it, or by the next.
    const auto asked = co_await std::move(asking);
    (void)asked;
}

/// In the ledger first, so that what the board has as told is so in both. What cannot be noted may
/// be told again.
void NewsDesk::mark()
{
    std::vector<ledger::Tiding> tidings;
    {
        const std::lock_guard lock(mutex_);
        tidings.swap(told_);
    }
    if (tidings.empty())
        return;
    if (const auto marked = ledger::mark_told(ledger_path_, tidings); !marked)
        SPILLWAY_WARN("news of budgets: {}; some may be told again", marked.error().message());
    if (!board_)
        return;
    if (const auto marked = board_->mark(tidings); !marked)
        SPILLWAY_WARN("news of budgets: PostgreSQL: {}; some may be told again",
                      marked.error().message);
}

}  // namespace spillway::app
