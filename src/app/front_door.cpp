#include "spillway/app/front_door.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "spillway/gateway/front.hpp"
#include "spillway/gateway/key_access.hpp"

namespace spillway::app {

namespace {

/// How the page is asked; empty for methods that no page takes.
std::optional<admin::Verb> verb_of(net::Method method)
{
    switch (method) {
        case net::Method::get:
        case net::Method::head:
            return admin::Verb::get;
        case net::Method::post:
            return admin::Verb::post;
        case net::Method::delete_:
            return admin::Verb::delete_;
        case net::Method::put:
        case net::Method::options:
        case net::Method::patch:
            break;
    }
    return std::nullopt;
}

/// The page that is asked for.
Result<admin::Found> find(const net::RequestHead& head)
{
    const auto verb = verb_of(head.method);
    if (!verb)
        return fail(Errc::method_not_allowed, "This method is not allowed here; use " +
                                                  admin::allowed_methods(head.path) + ".");
    return admin::find_page(*verb, head.path);
}

/// Who asks for the page, if the page is for it.
Result<chat::Caller> caller_of(const net::RequestHead& head, gateway::Services& services,
                               admin::Access access)
{
    if (access == admin::Access::anyone)
        return chat::Caller{};
    auto caller = gateway::authenticate(head, services);
    if (!caller) {
        services.metrics.strangers->Increment();
        return caller;
    }
    const bool reads = verb_of(head.method) == admin::Verb::get;
    if (access == admin::Access::operator_only &&
        !(reads ? chat::sees_all(*caller) : chat::administers(*caller)))
        return fail(Errc::forbidden, "Only the master key may do this.");
    const auto kind = reads || access == admin::Access::key_holder ? gateway::PathKind::reading
                                                                   : gateway::PathKind::changing;
    if (auto may = gateway::check_path(*caller, head.path, kind); !may)
        return fail(std::move(may).error());
    return caller;
}

/// Whether this request may see the page, and what it asks of it; from the head alone.
Result<admin::Request> admit(const net::RequestHead& head, gateway::Services& services,
                             admin::Found& found)
{
    auto caller = caller_of(head, services, found.access);
    if (!caller)
        return fail(std::move(caller).error());
    auto query = admin::read_query(head.query);
    if (!query)
        return fail(std::move(query).error());
    if (head.content_length > admin::most_body)
        return fail(Errc::body_too_large, "The body is larger than 1 MiB.");
    return admin::Request{found.page, std::move(*query),  std::move(found.segment),
                          {},         *std::move(caller), found.call};
}

/// Reads the body of a page that takes one.
net::Task<Result<std::string>> read_body(net::Exchange& exchange)
{
    if (verb_of(exchange.head().method) == admin::Verb::get)
        co_return std::string();
    const auto body = co_await exchange.read_body();
    if (!body)
        co_return tl::make_unexpected(body.error());
    if (body->size() > admin::most_body)
        co_return fail(Errc::body_too_large, "The body is larger than 1 MiB.");
    co_return std::string(*body);
}

net::Task<void> serve_page(net::Exchange& exchange, Lane& lane)
{
    const auto snapshot = lane.services().snapshot;
    auto found = find(exchange.head());
    if (!found) {
        auto allowed = admin::allowed_methods(exchange.head().path);
        co_await gateway::reply_error(exchange, *snapshot, std::move(found).error(),
                                      std::move(allowed));
        co_return;
    }
    auto request = admit(exchange.head(), lane.services(), *found);
    if (!request) {
        co_await gateway::reply_error(exchange, *snapshot, std::move(request).error());
        co_return;
    }
    auto body = co_await read_body(exchange);
    if (!body) {
        co_await gateway::reply_error(exchange, *snapshot, std::move(body).error());
        co_return;
    }
    request->body = *std::move(body);
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
        if (admin::is_place(head.path) && head.method != net::Method::options)
            return serve_page(exchange, *lane);
        return gateway::serve(exchange, lane->services());
    };
}

}  // namespace spillway::app
