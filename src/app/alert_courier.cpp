#include "spillway/app/alert_courier.hpp"

#include <array>
#include <iterator>
#include <utility>

#include "spillway/app/budget_alert.hpp"
#include "spillway/base/log.hpp"
#include "spillway/net/upstream.hpp"

namespace spillway::app {

namespace {

constexpr std::size_t most_waiting = 256;
constexpr std::size_t most_fresh = 1'024;
constexpr Millis patience{10'000};
/// Well within the silence after which others take what is under way (`NewsDesk`).
constexpr Millis between_looks{60'000};
constexpr std::array<Millis, 3> pauses{Millis{500}, Millis{3'000}, Millis{15'000}};

std::string head_of(const config::BaseUrl& to, std::size_t length)
{
    const bool v6 = to.host.find(':') != std::string::npos;
    return "POST " + (to.path.empty() ? "/" : to.path) +
           " HTTP/1.1\r\nhost: " + (v6 ? "[" + to.host + "]" : to.host) + ":" +
           std::to_string(to.port) +
           "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(length) +
           "\r\nuser-agent: spillway/" SPILLWAY_VERSION "\r\n\r\n";
}

}  // namespace

void AlertCourier::hurry()
{
    lane_.shard().post([this] { collect(); });
}

void AlertCourier::collect()
{
    auto news = budgets_.take_news();
    fresh_.insert(fresh_.end(), std::make_move_iterator(news.begin()),
                  std::make_move_iterator(news.end()));
    if (fresh_.size() > most_fresh) {
        SPILLWAY_WARN("budgets: {} news at once; the oldest are dropped", fresh_.size());
        fresh_.erase(fresh_.begin(), fresh_.end() - std::ptrdiff_t{most_fresh});
    }
    if (!fresh_.empty() && !std::exchange(sorting_, true))
        net::spawn(sort_out());
}

/// Tells what nobody told before.
net::Task<void> AlertCourier::sort_out()
{
    auto& shard = lane_.shard();
    while (!fresh_.empty() && !shard.draining()) {
        auto batch = std::exchange(fresh_, {});
        auto asking = desk_.first_told(shard, std::move(batch));
        auto notices = co_await std::move(asking);
        tell(std::move(notices));
    }
    sorting_ = false;
}

void AlertCourier::start()
{
    lane_.shard().post([this] { net::spawn(keep_looking()); });
}

net::Task<void> AlertCourier::keep_looking()
{
    auto& shard = lane_.shard();
    while (!shard.draining()) {
        auto mine = under_way();
        auto asking = desk_.left_behind(shard, std::move(mine));
        auto notices = co_await std::move(asking);
        if (!notices.empty())
            SPILLWAY_WARN("budgets: {} news were taken and maybe not told", notices.size());
        tell(std::move(notices));
        if (!desk_.shares())
            co_return;
        co_await shard.sleep(between_looks, nullptr);
    }
}

std::vector<ledger::Tiding> AlertCourier::under_way() const
{
    std::vector<ledger::Tiding> all;
    for (const auto& notice : waiting_)
        all.push_back(notice.about);
    return all;
}

void AlertCourier::tell(NewsDesk::Notices notices)
{
    const bool wanted = address().has_value();
    for (auto& each : notices) {
        SPILLWAY_WARN("{}", each.line);
        if (!wanted) {
            done(std::move(each.about));
            continue;
        }
        if (waiting_.size() >= most_waiting) {
            SPILLWAY_WARN("the webhook of budgets is too slow: a message is dropped");
            // The first is under way, and may arrive.
            done(std::move(waiting_[1].about));
            waiting_.erase(waiting_.begin() + 1);
        }
        waiting_.push_back(std::move(each));
    }
    if (!waiting_.empty() && !std::exchange(delivering_, true))
        net::spawn(deliver_all());
}

/// Never told again.
void AlertCourier::done(ledger::Tiding tiding)
{
    desk_.told(std::move(tiding));
    more_done_ = true;
    // A desk that has finished notes it at its own end.
    if (!lane_.shard().draining() && !std::exchange(noting_, true))
        net::spawn(note_done());
}

net::Task<void> AlertCourier::note_done()
{
    auto& shard = lane_.shard();
    while (std::exchange(more_done_, false) && !shard.draining()) {
        auto noting = desk_.note(shard);
        co_await std::move(noting);
    }
    noting_ = false;
}

std::optional<config::BaseUrl> AlertCourier::address() const
{
    const auto& config = lane_.services().snapshot->config;
    const auto& url = config.budgets.webhook ? config.budgets.webhook : config.general.webhook;
    if (!url || url->empty())
        return std::nullopt;
    auto parsed = config::parse_base_url(url->reveal());
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

net::Task<void> AlertCourier::deliver_all()
{
    auto& shard = lane_.shard();
    while (!waiting_.empty() && !shard.draining()) {
        auto body = waiting_.front().message;
        auto delivering = deliver_one(std::move(body));
        const bool delivered = co_await std::move(delivering);
        if (!delivered && shard.draining())
            break;  // The next process tells it.
        if (!delivered)
            SPILLWAY_WARN("the webhook of budgets did not take a message; it is dropped");
        done(std::move(waiting_.front().about));
        waiting_.pop_front();
    }
    delivering_ = false;
}

/// Tries it four times.
net::Task<bool> AlertCourier::deliver_one(std::string body)
{
    auto& shard = lane_.shard();
    for (std::size_t i = 0; i <= pauses.size() && !shard.draining(); ++i) {
        if (i > 0)
            co_await shard.sleep(pauses[i - 1], nullptr);
        auto to = address();
        if (!to)
            co_return false;
        auto text = body;
        auto delivering = deliver(std::move(text), *std::move(to));
        const bool delivered = co_await std::move(delivering);
        if (delivered)
            co_return true;
    }
    co_return false;
}

net::Task<bool> AlertCourier::deliver(std::string body, config::BaseUrl to)
{
    const auto by = std::chrono::steady_clock::now() + patience;
    net::Origin origin;
    origin.host = to.host;
    origin.port = to.port;
    origin.tls = to.tls;
    origin.ca_file = lane_.services().snapshot->config.upstream.ca_file;
    const std::array<std::string_view, 1> pieces{body};
    net::UpstreamRequest request;
    request.head = head_of(to, body.size());
    request.body = pieces;
    net::CallBounds bounds(privacy::Passage::without_request());
    bounds.first_byte_by = by;
    bounds.deadline = by;
    net::UpstreamCall call(lane_.shard());
    const auto head = co_await call.start(origin, request, bounds);
    if (!head)
        co_return false;
    co_return (*head)->status >= 200 && (*head)->status <= 299;
}

}  // namespace spillway::app
