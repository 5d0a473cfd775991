#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/dialect/prompt_reader.hpp"
#include "spillway/gateway/cloud_share.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/prompt_counter.hpp"
#include "spillway/net/http_head.hpp"
#include "spillway/route/decide.hpp"
#include "spillway/route/family_tokens.hpp"
#include "spillway/route/features.hpp"
#include "spillway/score/features.hpp"

namespace spillway::gateway {

struct Services;

/// What describing requests keeps between them; one per shard.
struct Describer {
    dialect::PromptReader prompts{};
    score::Extractor extractor{};
    PromptCounter counter{};
};

/// A request's features and the route that decides for it; null when the client named a model.
struct Described {
    route::Features features;
    const route::CompiledRoute* route = nullptr;
    route::Resolved model;   ///< Without a route.
    score::Features scored;  ///< Where the score was taken; for explanations and comparisons.
    bool scanned = false;    ///< Sensitive classes were looked for.
    route::FamilyTokens uncorrected;  ///< As in `PromptCount`.
    Tokens beside_text{};             ///< As in `InferenceRequest`.
};

/// Headers in which a client says where its request may go.
inline constexpr std::array<std::string_view, 3> wish_headers{
    "x-spillway-prefer", "x-spillway-max-cost", "x-spillway-boundary"};

/// Is a key one whose requests stay local (`privacy.local_keys`)?
[[nodiscard]] bool is_local_key(const config::Privacy& privacy, std::string_view hash,
                                std::string_view alias);
/// Is the caller's key one whose requests stay local: by `privacy.local_keys`, or by what it or its
/// team is granted?
[[nodiscard]] bool has_local_key(const Arrival& arrival);

/// Takes the facts that the request's route asks for, and no others.
/// @param fields  Of the request's head: wishes of the client (`wish_headers`), and who it is.
/// @return `unknown_model`, or `invalid_request` for a wish that is none.
[[nodiscard]] Result<Described> describe(const InferenceRequest& request, const net::Fields& fields,
                                         Describer& describer, ShareUse use);

/// The score as a route reads it: by its cuts, and by the share that it holds.
/// @param share  Null when it holds none.
[[nodiscard]] score::Score read_score(score::Score taken, const config::RouteComplexity& complexity,
                                      CloudShare* share, ShareUse use);

/// Decides where the described request goes.
/// @param fleet    Reused by the caller; gets the state at `request.received`.
/// @param refused  Gets the explanation when there is no plan.
[[nodiscard]] Result<route::Plan> decide(const Described& described,
                                         const InferenceRequest& request, route::FleetView& fleet,
                                         const route::BudgetView& budget,
                                         route::Explanation& refused);

/// Decides; fills in `asked`, `plan`, `routing` and `prompt_estimate`. `routing` is filled in also
/// where the decision is a refusal.
[[nodiscard]] Result<void> plan_request(Described described, InferenceRequest& request,
                                        Services& services);

}  // namespace spillway::gateway
