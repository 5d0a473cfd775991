#include "spillway/gateway/ollama_front.hpp"

#include <utility>

#include "ollama_engine.hpp"
#include "spillway/base/text.hpp"
#include "spillway/gateway/front.hpp"
#include "spillway/gateway/models.hpp"
#include "spillway/gateway/ollama_pages.hpp"
#include "spillway/gateway/ollama_voice.hpp"
#include "spillway/gateway/reply.hpp"

namespace spillway::gateway {
namespace {

constexpr std::string_view json = "application/json";
/// A question about one model is a name.
constexpr std::uint64_t longest_question = 64 * 1024;

net::Task<void> reply_page(net::Exchange& exchange, std::shared_ptr<const Snapshot> snapshot,
                           std::string body)
{
    co_await reply_whole(exchange, *snapshot, 200, json, std::move(body));
}

net::Task<void> reply_card(chat::Caller caller, net::Exchange& exchange, Services& services)
{
    const auto snapshot = services.snapshot;
    if (exchange.head().content_length > longest_question) {
        Error error(Errc::body_too_large, "The body is larger than 64 KiB.");
        co_await reply_error(exchange, *snapshot, std::move(error));
        co_return;
    }
    const auto body = co_await exchange.read_body();
    if (!body) {
        co_await reply_error(exchange, *snapshot, body.error());
        co_return;
    }
    auto card = ollama_card(*snapshot, caller, *body, services.clock.now());
    if (!card) {
        co_await reply_error(exchange, *snapshot, card.error());
        co_return;
    }
    co_await reply_whole(exchange, *snapshot, 200, json, *std::move(card));
}

net::Task<void> refuse(net::Exchange& exchange, std::shared_ptr<const Snapshot> snapshot,
                       Error error)
{
    co_await reply_error(exchange, *snapshot, std::move(error));
}

}  // namespace

net::Task<void> greet_ollama(Service service, net::Exchange& exchange,
                             std::shared_ptr<const Snapshot> snapshot)
{
    if (service == Service::ollama_hello)
        co_return co_await reply_whole(exchange, *snapshot, 200, "text/plain; charset=utf-8",
                                       "Ollama is running");
    std::string body = "{\"version\":" + json_quoted(ollama_version) + "}";
    co_await reply_whole(exchange, *snapshot, 200, json, std::move(body));
}

net::Task<void> serve_ollama(chat::Caller caller, Destination destination, net::Exchange& exchange,
                             Services& services)
{
    const auto& snapshot = services.snapshot;
    const auto service = destination.service;
    if (service == Service::ollama_models)
        return reply_page(exchange, snapshot, ollama_tags(*snapshot, caller, services.clock.now()));
    if (service == Service::ollama_running)
        return reply_page(exchange, snapshot,
                          ollama_running(*snapshot, caller, services.clock.now()));
    if (service == Service::ollama_card)
        return reply_card(std::move(caller), exchange, services);
    if (!chat::administers(caller))
        return refuse(exchange, snapshot,
                      Error(Errc::forbidden, "Only the master key may do this."));
    return relay_to_engine(exchange, services);
}

net::Task<Result<void>> answer_load(InferenceRequest& request, net::Exchange& exchange,
                                    Services& services)
{
    const auto& arrival = request.arrival;
    const auto& model = request.facts.model;
    if (!arrival.snapshot->table.resolve(model) &&
        arrival.snapshot->rules.book.find(model) == nullptr)
        co_return fail(unknown_model(*arrival.snapshot, arrival.caller, model));
    const auto* const reason =
        request.ollama->wish == dialect::OllamaFrontRequest::Wish::load ? "load" : "unload";
    auto body =
        dialect::ollama_empty_answer(request.ollama->stream.style(), reason, services.clock.wall());
    body.append("\n");
    net::HeaderLines lines;
    voice_headers(request, lines);
    add_cors(lines, arrival.snapshot->config.server, arrival.origin);
    (void)co_await exchange.reply(200, lines, body);
    co_return Result<void>{};
}

}  // namespace spillway::gateway
