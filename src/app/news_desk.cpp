#include "spillway/app/news_desk.hpp"

#include <numeric>
#include <utility>

#include "spillway/app/budget_alert.hpp"
#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

/// The courier asks for one batch at a time.
constexpr std::size_t most_waiting = 2;

ledger::Tiding tiding_of(const guard::BudgetNews& news)
{
    const auto& at = news.standing;
    return {std::string(event_of(news.kind)),
            std::string(guard::word(at.scope.kind)),
            at.scope.name,
            config::text_of(at.period),
            at.opened,
            at.resets};
}

/// Positions as a worker's answer has them: one byte for each, '1' where it is among them.
std::string marks_of(const std::vector<std::size_t>& positions, std::size_t size)
{
    std::string marks(size, '0');
    for (const auto position : positions)
        marks[position] = '1';
    return marks;
}

}  // namespace

NewsDesk::NewsDesk(std::string ledger_path, const Secret* shared, const Clock& clock)
    : ledger_path_(std::move(ledger_path)), clock_(clock)
{
    if (shared != nullptr)
        board_.emplace(*shared, stop_);
    worker_ = std::make_unique<admin::Worker>(most_waiting, "too many news of budgets at once");
}

NewsDesk::~NewsDesk()
{
    stop_->raise();
    worker_.reset();
}

/// On the worker's thread.
std::vector<std::size_t> NewsDesk::claim(const std::vector<ledger::Tiding>& tidings)
{
    std::vector<std::size_t> fresh(tidings.size());
    std::iota(fresh.begin(), fresh.end(), std::size_t{0});
    if (auto noted = ledger::note_told(ledger_path_, tidings, clock_.wall()))
        fresh = *std::move(noted);
    else
        SPILLWAY_WARN("news of budgets: {}; some may be told twice", noted.error().message());
    if (!board_ || fresh.empty())
        return fresh;
    std::vector<ledger::Tiding> mine;
    for (const auto position : fresh)
        mine.push_back(tidings[position]);
    const auto taken = board_->claim(mine);
    if (!taken) {
        SPILLWAY_WARN("news of budgets: PostgreSQL: {}; other instances may tell them, too",
                      taken.error().message);
        return fresh;
    }
    std::vector<std::size_t> first;
    for (const auto position : *taken)
        first.push_back(fresh[position]);
    return first;
}

net::Task<std::vector<guard::BudgetNews>> NewsDesk::first_told(net::Shard& shard,
                                                               std::vector<guard::BudgetNews> news)
{
    std::vector<ledger::Tiding> tidings;
    for (const auto& each : news)
        tidings.push_back(tiding_of(each));
    admin::Worker::Job job = [this, tidings = std::move(tidings)]() -> Result<std::string> {
        return marks_of(claim(tidings), tidings.size());
    };
    auto asking = worker_->ask(shard, std::move(job));
    const auto marks = co_await std::move(asking);
    std::vector<guard::BudgetNews> first;
    for (std::size_t i = 0; i < news.size(); ++i)
        if (!marks || (*marks)[i] == '1')
            first.push_back(std::move(news[i]));
    co_return first;
}

}  // namespace spillway::app
