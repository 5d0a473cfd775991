#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "spillway/app/lane.hpp"
#include "spillway/app/news_desk.hpp"
#include "spillway/config/base_url.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/net/task.hpp"

namespace spillway::app {

/// Tells the log and the webhook what budgets have to tell and nobody told before, off the path of
/// requests, and what others left behind. Lives on one lane's thread and follows that lane's
/// configuration; sleeps until somebody hurries it, or for a minute where instances share.
///
/// At most 256 wait; each is tried four times within a minute and then dropped, and both are said
/// in the log, which has everything anyway. What waits when the process ends is told by the next.
class AlertCourier {
public:
    AlertCourier(Lane& lane, guard::Budgets& budgets, NewsDesk& desk)
        : lane_(lane), budgets_(budgets), desk_(desk)
    {}

    /// Looks for what was left behind, from now on. Any thread, as the next.
    void start();
    /// There is news. The courier outlives the lane's thread.
    void hurry();

private:
    void collect();
    net::Task<void> sort_out();
    net::Task<void> keep_looking();
    void tell(NewsDesk::Notices notices);
    void done(ledger::Tiding tiding);
    net::Task<void> note_done();
    net::Task<void> deliver_all();
    net::Task<bool> deliver_one(std::string body);
    net::Task<bool> deliver(std::string body, config::BaseUrl to);
    [[nodiscard]] std::vector<ledger::Tiding> under_way() const;
    [[nodiscard]] std::optional<config::BaseUrl> address() const;

    Lane& lane_;
    guard::Budgets& budgets_;
    NewsDesk& desk_;
    std::vector<guard::BudgetNews> fresh_;  ///< Maybe told by somebody else.
    bool sorting_ = false;
    std::deque<ledger::Notice> waiting_;  ///< The first is being delivered.
    bool delivering_ = false;
    bool noting_ = false;
    bool more_done_ = false;  ///< Since the note that is under way began.
};

}  // namespace spillway::app
