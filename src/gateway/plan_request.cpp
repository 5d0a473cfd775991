#include "spillway/gateway/plan_request.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "member_number.hpp"
#include "request_answers.hpp"
#include "scan_request.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/budget_reading.hpp"
#include "spillway/gateway/explain.hpp"
#include "spillway/gateway/key_access.hpp"
#include "spillway/gateway/models.hpp"
#include "spillway/gateway/overrides.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/unrecorded.hpp"
#include "spillway/route/client_kind.hpp"
#include "spillway/route/features_json.hpp"
#include "wishes.hpp"

namespace spillway::gateway {
namespace {

config::Task task_of(chat::Endpoint endpoint)
{
    switch (endpoint) {
        case chat::Endpoint::chat:
            return config::Task::chat;
        case chat::Endpoint::completions:
            return config::Task::completion;
        case chat::Endpoint::embeddings:
            return config::Task::embedding;
        case chat::Endpoint::other:
            break;
    }
    return config::Task::other;
}

void note_content(const chat::Prompt& prompt, const route::Needs& needs, route::Features& features)
{
    using config::Content;
    const auto add = [&](Content content, bool there) {
        if (there)
            features.content.add(content);
    };
    add(Content::images, prompt.images > 0);
    add(Content::audio, prompt.audios > 0);
    add(Content::files, prompt.files > 0);
    add(Content::tools, prompt.tools > 0);
    add(Content::json_schema, prompt.schema);
    add(Content::code, needs.code && route::looks_like_code(prompt.last_user));
}

/// Of what stays the same through a conversation: its system prompt and its first turn. Only this
/// process uses it.
std::uint64_t conversation_of(const chat::Prompt& prompt)
{
    if (prompt.first_user.empty() || prompt.user_turns < 1)
        return 0;
    constexpr std::hash<std::string_view> hash_of;
    const std::uint64_t system = hash_of(prompt.system.substr(0, 4096));
    const std::uint64_t turn = hash_of(prompt.first_user.substr(0, 4096));
    return std::max<std::uint64_t>((system * 0x9E37'79B9'7F4A'7C15U) ^ turn, 1);
}

score::PromptView view_of(const chat::Prompt& prompt, const InferenceRequest& request)
{
    score::PromptView view;
    view.last_user = prompt.last_user;
    view.system = prompt.system;
    view.turns = prompt.turns;
    view.tool_result_turns = prompt.tool_results;
    view.tools = prompt.tools;
    view.images = prompt.images;
    view.has_schema = prompt.json;
    view.max_tokens = static_cast<std::uint32_t>(
        std::min<std::int64_t>(count(request.facts.max_tokens.value_or(Tokens{0})), UINT32_MAX));
    view.total_bytes = request.facts.text_bytes;
    return view;
}

score::TierCuts cuts_of(const config::RouteComplexity& complexity)
{
    score::TierCuts cuts;
    if (complexity.cuts.size() == 3)
        cuts = {static_cast<float>(complexity.cuts[0]), static_cast<float>(complexity.cuts[1]),
                static_cast<float>(complexity.cuts[2])};
    return cuts;
}

/// What the client is told of how its request was routed. Names of routes and rules come from a
/// file that may hold anything.
std::string routing_lines(const route::Explanation& why, const route::Features& features,
                          const Rules& rules, const std::string& reason)
{
    std::string lines;
    const auto add = [&](std::string_view name, std::string_view value) {
        lines.append(name).append(": ").append(value).append("\r\n");
    };
    if (!why.route.empty()) {
        add("x-spillway-route", printable(why.route, 80));
        add("x-spillway-rule", printable(why.rule, 80));
    }
    add("x-spillway-reason", reason);
    add("x-spillway-privacy", rules.scanner
                                  ? privacy::receipt(why.boundary, features.sensitive, rules.names)
                                  : privacy::receipt_unscanned(why.boundary));
    return lines;
}

Routing routing_of(const route::Explanation& why, const Described& described,
                   const Snapshot& snapshot)
{
    const auto& rules = snapshot.rules;
    const auto& features = described.features;
    auto taken = std::make_shared<ledger::RouteTaken>();
    taken->route = why.route;
    taken->rule = why.rule;
    taken->reason = route::compact(why, snapshot.table);
    taken->features = route::to_json(features, rules.names);
    taken->kept_local = why.boundary == privacy::Boundary::local;
    taken->scanned = described.scanned;
    taken->code_known = described.route != nullptr && described.route->needs().code;
    Routing routing;
    routing.lines = routing_lines(why, features, rules, taken->reason);
    routing.taken = std::move(taken);
    return routing;
}

/// Does the size of a request that names a model decide anything before it is sent? A ceiling and a
/// boundary weigh what it may cost, `enable_pre_call_checks` holds it against windows. All others
/// are not looked into.
bool is_weighed(const route::Features& features, const Snapshot& snapshot)
{
    return features.max_cost || features.boundary != privacy::Boundary::any ||
           snapshot.table.settings().pre_call_checks;
}

enum class Counting : std::uint8_t { all, beside_text };

/// Counts for the models of the route, or of the group that `name` means. Vocabularies were loaded
/// for routes only.
void take_count(const chat::Prompt& prompt, const std::string& name, const Snapshot& snapshot,
                Counting counting, PromptCounter& counter, Described& described)
{
    const auto& rules = snapshot.rules;
    std::vector<CountedModel> named;
    std::span<const CountedModel> models;
    tokens::Library* library = nullptr;
    if (described.route != nullptr) {
        models = rules.models[route_index(*described.route, snapshot)];
        library = rules.library.get();
    } else {
        models = named = models_behind(std::span(&name, 1), snapshot);
    }
    described.beside_text = most_beside_text(prompt, models);
    if (counting == Counting::beside_text)
        return;
    const auto counted = counter.count(prompt, models, library);
    described.features.prompt = counted.best.tokens;
    described.features.prompt_upper = counted.best.upper;
    if (models.size() > 1)
        described.features.uppers = counted.uppers;
    described.uncorrected = counted.uncorrected;
    const auto task = described.features.task;
    if (task == config::Task::embedding || task == config::Task::completion)
        described.features.largest_input = prompt.largest_input;
}

/// Is there a deployment that was left out for its price?
bool is_too_dear(const route::Explanation& refused)
{
    return std::any_of(
        refused.candidates.begin(), refused.candidates.end(),
        [](const route::Candidate& each) { return each.verdict == route::Verdict::too_dear; });
}

}  // namespace

score::Score read_score(score::Score taken, const config::RouteComplexity& complexity,
                        CloudShare* share, ShareUse use)
{
    if (taken.abstention == score::Abstention::none)
        taken.tier =
            score::cautious(score::tier_of(taken.rank, cuts_of(complexity)), taken.confidence);
    if (share == nullptr)
        return taken;
    // The share decides what is complex; the tiers within each side stay.
    taken.tier = share->decide(taken.gain, use) ? std::max(taken.tier, score::Tier::complex)
                                                : std::min(taken.tier, score::Tier::moderate);
    return taken;
}

bool is_local_key(const config::Privacy& privacy, std::string_view hash, std::string_view alias)
{
    const auto& keys = privacy.local_keys;
    return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
        return !key.empty() && (key == hash || key == alias);
    });
}

bool has_local_key(const Arrival& arrival)
{
    const auto& caller = arrival.caller;
    if (caller.grant && caller.grant->stay_local)
        return true;
    return is_local_key(arrival.snapshot->config.privacy, caller.key_hash,
                        caller.grant ? std::string_view(caller.grant->key_alias) : "");
}

Result<Described> describe(const InferenceRequest& request, const net::Fields& fields,
                           Describer& describer, ShareUse use)
{
    const auto& snapshot = *request.arrival.snapshot;
    const auto& rules = snapshot.rules;
    const auto& facts = request.facts;
    Described out;
    auto& features = out.features;
    if (auto wishes = read_wishes(fields, features); !wishes)
        return fail(std::move(wishes).error());
    out.route = rules.book.find(facts.model);
    if (out.route == nullptr) {
        auto model = snapshot.table.resolve(facts.model);
        if (!model)
            return fail(unknown_model(snapshot, request.arrival.caller, facts.model));
        out.model = *std::move(model);
    }
    features.task = task_of(request.endpoint());
    features.wording = wording_of(request);
    // Vectors are asked for, and no answer is written.
    features.answer =
        features.task == config::Task::embedding ? std::optional(Tokens{0}) : facts.max_tokens;
    features.choices = choices_of(facts, request.body);
    features.key = request.arrival.caller.key_hash;
    const auto* grant = request.arrival.caller.grant.get();
    if (grant != nullptr) {
        features.key_alias = grant->key_alias;
        features.team = grant->team_id;
        features.team_alias = grant->team_alias;
    }
    features.prompt = features.prompt_upper = dialect::estimate_tokens(facts.text_bytes);
    if (facts.stay_local)
        keep_within(privacy::Boundary::local, route::BoundaryBy::metadata, features);
    if (grant != nullptr && grant->stay_local)
        keep_within(privacy::Boundary::local, route::BoundaryBy::grant, features);
    if (has_local_key(request.arrival))
        keep_within(privacy::Boundary::local, route::BoundaryBy::key, features);
    // Sounds and files are looked at wherever they go: their size says nothing of their tokens.
    const bool encloses = facts.enclosure_count > 0 && request.form == BodyForm::json;
    if (out.route == nullptr && rules.local_only.empty() && !encloses &&
        !is_weighed(features, snapshot))
        return out;

    static const route::Needs nothing;
    const auto& needs = out.route != nullptr ? out.route->needs() : nothing;
    static const chat::Prompt no_prompt;
    const auto& prompt =
        request.form == BodyForm::json ? describer.prompts.read(request.body) : no_prompt;
    const bool scans = rules.scanner && (needs.sensitive || !rules.local_only.empty());
    if (scans)
        features.sensitive = scan_request(request, prompt, *rules.scanner);
    out.scanned = scans;
    if (!(features.sensitive & rules.local_only).empty())
        keep_within(privacy::Boundary::local, route::BoundaryBy::sensitive_class, features);
    const bool counts = out.route != nullptr || is_weighed(features, snapshot);
    if ((counts || encloses) && request.form == BodyForm::json)
        take_count(prompt, facts.model, snapshot, counts ? Counting::all : Counting::beside_text,
                   describer.counter, out);
    if (out.route == nullptr)
        return out;

    features.end_user = facts.end_user;
    features.tags = facts.tags;
    if (grant != nullptr)
        features.tags.insert(features.tags.end(), grant->tags.begin(), grant->tags.end());
    features.turns = prompt.user_turns;
    features.minute_of_week = rules.zone.minute_of_week(request.arrival.started);
    features.conversation = conversation_of(prompt);
    features.client =
        route::client_kind({fields["user-agent"], fields["originator"], fields["x-app"], prompt});
    note_content(prompt, needs, features);
    features.probes = out.route->probe(RequestAnswers(request, fields, prompt));
    if (needs.score) {
        out.scored = describer.extractor.extract(view_of(prompt, request));
        const auto index = route_index(*out.route, snapshot);
        features.score = read_score(score::score(*rules.weights[index], out.scored),
                                    out.route->source().complexity, rules.shares[index].get(), use);
    }
    return out;
}

Result<route::Plan> decide(const Described& described, const InferenceRequest& request,
                           route::FleetView& fleet, const route::BudgetView& budget,
                           route::Explanation& refused)
{
    const auto& snapshot = *request.arrival.snapshot;
    snapshot.fleet->read(fleet, request.received);
    const route::Standing standing{snapshot.table,
                                   fleet,
                                   budget,
                                   request.received,
                                   snapshot.config.budgets.on_budget,
                                   access_of(request.arrival.caller, snapshot)};
    return described.route != nullptr
               ? route::decide(described.features, *described.route, standing, &refused)
               : route::decide(described.features, described.model, standing, &refused);
}

Result<void> plan_request(Described described, InferenceRequest& request, Services& services)
{
    const auto& snapshot = *request.arrival.snapshot;
    auto& features = described.features;
    const bool free_only = only_free_work(services);
    if (free_only)
        features.max_cost = NanoUsd{0};
    request.prompt_estimate = features.prompt_upper;
    request.prompt_count = features.prompt;
    request.beside_text = described.beside_text;
    // Most requests name a model and hold nothing back: there is nothing to weigh.
    if (described.route == nullptr && features.boundary == privacy::Boundary::any &&
        !features.max_cost && !request.facts.explain) {
        request.asked = described.model;
        request.plan =
            std::make_unique<route::Plan>(route::straight_to(std::move(described.model)));
        request.plan->prefer = features.prefer;
        request.plan->limits.largest_input = features.largest_input;
        request.plan->limits.access = access_of(request.arrival.caller, snapshot);
        if (request.endpoint() == chat::Endpoint::embeddings)
            request.plan->limits.vectors = route::vectors_at(request.asked, snapshot.table);
        return {};
    }
    route::Explanation refused;
    const BudgetReading budgets(request, services.budgets, services.clock.wall());
    auto plan = decide(described, request, services.fleet_view, budgets.view(), refused);
    auto routing = routing_of(plan ? plan->why : refused, described, snapshot);
    routing.counted = described.uncorrected;
    routing.conversation = features.conversation;
    if (request.facts.explain)
        routing.explanation = plan ? explanation_json(described, *plan, snapshot)
                                   : refusal_json(described, refused, snapshot);
    request.routing = std::make_unique<const Routing>(std::move(routing));
    if (!plan)
        return fail(free_only && is_too_dear(refused) ? no_ledger() : std::move(plan).error());
    request.asked = plan->hops.front();
    request.sample = draw_sample(request, described, *plan, services.shard.random().draw());
    request.plan = std::make_unique<route::Plan>(*std::move(plan));
    return {};
}

}  // namespace spillway::gateway
