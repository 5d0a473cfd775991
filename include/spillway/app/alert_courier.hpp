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
/// requests. Lives on one
/// lane's thread and follows that lane's configuration; sleeps until somebody hurries it.
///
/// At most 256 wait; each is tried four times within a minute and then dropped, and both are said
/// in the log, which has everything anyway.
class AlertCourier {
public:
    AlertCourier(Lane& lane, guard::Budgets& budgets, NewsDesk& desk)
        : lane_(lane), budgets_(budgets), desk_(desk)
    {}

    /// There is news; any thread. The courier outlives the lane's thread.
    void hurry();

private:
    void collect();
    net::Task<void> sort_out();
    void tell(const std::vector<guard::BudgetNews>& news);
    net::Task<void> deliver_all();
    net::Task<bool> deliver(std::string body, config::BaseUrl to);
    [[nodiscard]] std::optional<config::BaseUrl> address() const;

    Lane& lane_;
    guard::Budgets& budgets_;
    NewsDesk& desk_;
    std::vector<guard::BudgetNews> fresh_;  ///< Maybe told by somebody else.
    bool sorting_ = false;
    std::deque<std::string> waiting_;
    bool delivering_ = false;
};

}  // namespace spillway::app
