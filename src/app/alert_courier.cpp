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
        const auto news = co_await std::move(asking);
        tell(news);
    }
    sorting_ = false;
}

void AlertCourier::tell(const std::vector<guard::BudgetNews>& news)
{
    const bool wanted = address().has_value();
    for (const auto& each : news) {
        SPILLWAY_WARN("{}", alert_line(each));
        if (!wanted)
            continue;
        if (waiting_.size() >= most_waiting) {
            SPILLWAY_WARN("the webhook of budgets is too slow: a message is dropped");
            waiting_.pop_front();
        }
        waiting_.push_back(alert_json(each));
    }
    if (!waiting_.empty() && !std::exchange(delivering_, true))
        net::spawn(deliver_all());
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
        const auto body = std::move(waiting_.front());
        waiting_.pop_front();
        bool delivered = false;
        for (std::size_t i = 0; i <= pauses.size() && !delivered && !shard.draining(); ++i) {
            if (i > 0)
                co_await shard.sleep(pauses[i - 1], nullptr);
            const auto to = address();
            if (!to)
                break;
            auto copy = *to;
            auto text = body;
            delivered = co_await deliver(std::move(text), std::move(copy));
        }
        if (!delivered)
            SPILLWAY_WARN("the webhook of budgets did not take a message; it is dropped");
    }
    delivering_ = false;
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
