#include "spillway/app/front_door.hpp"

#include <algorithm>
#include <utility>

#include "spillway/gateway/front.hpp"

namespace spillway::app {

namespace {

/// Whether this request may see the page, and what it asks of it.
Result<admin::Request> admit(const net::RequestHead& head, const gateway::Snapshot& snapshot,
                             observe::Metrics& metrics, admin::Page page)
{
    if (head.method != net::Method::get && head.method != net::Method::head)
        return fail(Errc::method_not_allowed, "This method is not allowed here; use GET.");
    if (admin::access(page) == admin::Access::operator_only) {
        auto caller = gateway::authenticate(head, snapshot);
        if (!caller) {
            metrics.strangers->Increment();
            return fail(std::move(caller).error());
        }
        if (caller->privilege != chat::Privilege::operator_)
            return fail(Errc::forbidden, "Only the master key may see this.");
    }
    auto query = admin::read_query(head.query);
    if (!query)
        return fail(std::move(query).error());
    return admin::Request{page, std::move(*query)};
}

net::Task<void> serve_page(net::Exchange& exchange, Lane& lane, admin::Page page)
{
    const auto snapshot = lane.services().snapshot;
    auto request = admit(exchange.head(), *snapshot, lane.services().metrics, page);
    if (!request) {
        co_await gateway::reply_error(exchange, *snapshot, std::move(request).error());
        co_return;
    }
    auto reply = co_await admin::answer(std::move(*request), lane.desk());
    if (!reply) {
        co_await gateway::reply_error(exchange, *snapshot, std::move(reply).error());
        co_return;
    }
    co_await gateway::reply_whole(exchange, *snapshot, reply->status, reply->content_type,
                                  std::move(reply->body));
}

}  // namespace

net::Handler make_front_door(std::deque<Lane>& lanes)
{
    // Not a coroutine: a request for the gateway pays for no frame of ours.
    return [&lanes](net::Exchange& exchange) -> net::Task<void> {
        const auto lane = std::find_if(lanes.begin(), lanes.end(), [&](Lane& one) {
            return &one.shard() == &exchange.shard();
        });
        const auto& head = exchange.head();
        const auto page = admin::find_page(head.path);
        if (page && head.method != net::Method::options)
            return serve_page(exchange, *lane, *page);
        return gateway::serve(exchange, lane->services());
    };
}

}  // namespace spillway::app
