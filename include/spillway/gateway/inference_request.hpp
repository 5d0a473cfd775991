#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spillway/base/ids.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/chat/client_form.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/gateway/ollama_voice.hpp"
#include "spillway/gateway/rates.hpp"
#include "spillway/gateway/same_request.hpp"
#include "spillway/gateway/sample.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/route/family_tokens.hpp"
#include "spillway/route/plan.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::gateway {

enum class BodyForm : std::uint8_t { none, json, multipart };

/// Who called, what for and when: known from the head alone, so also for requests that are refused
/// before their body is understood.
struct Arrival {
    RequestId id;
    std::shared_ptr<const Snapshot> snapshot;
    chat::Caller caller;
    chat::Endpoint endpoint = chat::Endpoint::other;
    chat::ClientForm form = chat::ClientForm::openai;  ///< Of the client's words.
    WallTime started{};
    TimePoint began{};
    std::string origin;  ///< For CORS; empty when no browser asks.
};

/// How the request was routed, as headers and record show it. No text of the request.
struct Routing {
    std::shared_ptr<const ledger::RouteTaken> taken;  ///< As the record has it; never null.
    std::string lines;                                ///< Header lines for the answer, CRLF-ended.
    std::string explanation;      ///< JSON object; when the request asks for it.
    route::FamilyTokens counted;  ///< Of the prompt, uncorrected; compared with what is reported.
    std::uint64_t conversation = 0;  ///< As in `route::Features`.
    std::string cascade;             ///< As it was shown; see `show_cascade`.
};

/// A request that was read, checked and resolved; constant from here on until `forget_body`, but
/// for the client's controls, which the attempt chain takes along. `body` and what points into it
/// live in the exchange until the answer is committed.
struct InferenceRequest {
    Arrival arrival;
    std::string_view method;   ///< "POST" or "GET".
    std::string suffix;        ///< "/chat/completions", query included.
    std::string content_type;  ///< For the upstream; empty when there is no body.
    std::string forwarded;     ///< Allow-listed client headers as lines.
    BodyForm form = BodyForm::json;
    std::string_view body;
    chat::RequestFacts facts;
    route::Resolved asked;              ///< The first hop of the plan.
    std::unique_ptr<route::Plan> plan;  ///< Until the dispatch takes it.
    /// Null when the client named a model and nothing narrowed where it may go: most streams need
    /// not carry it.
    std::unique_ptr<const Routing> routing;
    /// Null unless the request was drawn for comparison.
    std::unique_ptr<Sample> sample;
    std::unique_ptr<Rates> rates;         ///< Null where no limit holds.
    std::unique_ptr<SameRequest> same;    ///< Null where it is compared with no other.
    std::unique_ptr<OllamaVoice> ollama;  ///< Null for clients that speak as OpenAI's do.
    std::string queue_lines;   ///< What local engines' queues made of it, as header lines.
    Tokens prompt_estimate{};  ///< Upper end of the count, for limits.
    Tokens prompt_count{};     ///< Best count: the usage of upstreams that report none.
    Tokens beside_text{};      ///< Upper end of pictures, sounds, files, where counted.
    TimePoint received{};      ///< The last byte of the body had arrived.

    [[nodiscard]] std::string_view routing_lines() const
    {
        // Never a null view: it is copied as it is.
        return routing ? std::string_view(routing->lines) : std::string_view("");
    }
    [[nodiscard]] std::string_view rate_lines() const
    {
        return rates ? std::string_view(rates->lines) : std::string_view("");
    }
    [[nodiscard]] RateLines whose_rates() const
    {
        return rate_lines().empty() ? RateLines::upstream : RateLines::own;
    }
    [[nodiscard]] chat::Endpoint endpoint() const { return arrival.endpoint; }

    /// At the commit point: no attempt follows, so a long stream need not carry what one needs.
    void forget_body()
    {
        body = {};
        // Swapped, because assigning an empty text or list keeps the memory.
        std::vector<chat::Member>{}.swap(facts.members);
        std::string{}.swap(forwarded);
        std::string{}.swap(content_type);
        if (ollama)
            std::string{}.swap(ollama->body);
    }
};

}  // namespace spillway::gateway
