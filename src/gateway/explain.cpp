#include "spillway/gateway/explain.hpp"

#include <chrono>
#include <nlohmann/json.hpp>

#include "spillway/dialect/json_walk.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/route/features_json.hpp"

namespace spillway::gateway {
namespace {

using Json = nlohmann::ordered_json;

Json usd(const std::optional<NanoUsd>& amount)
{
    return amount ? Json(static_cast<double>(count(*amount)) / 1e9) : Json();
}

Json rules_json(const route::Explanation& why)
{
    Json rules = Json::array();
    for (const auto& rule : why.rules)
        rules.push_back({{"name", rule.name}, {"held", rule.held}, {"because", rule.because}});
    return rules;
}

Json candidates_json(const route::Explanation& why, const Snapshot& snapshot)
{
    const auto& table = snapshot.table;
    const auto now = std::chrono::steady_clock::now();
    Json candidates = Json::array();
    for (const auto& candidate : why.candidates) {
        const auto& deployment = table[candidate.deployment];
        if (candidate.verdict == route::Verdict::not_allowed) {
            // Whoever may not use a place does not learn its name.
            Json nameless = Json::object();
            nameless["verdict"] = route::name(candidate.verdict);
            candidates.push_back(std::move(nameless));
            continue;
        }
        Json one{{"group", table[candidate.group].name},
                 {"deployment", deployment.id},
                 {"verdict", route::name(candidate.verdict)},
                 {"local", deployment.reach == privacy::Reach::local},
                 {"worst_cost_usd", usd(candidate.worst_cost)}};
        if (candidate.window)
            one["window"] = count(*candidate.window);
        if (const auto wait = snapshot.engines->expected_wait(candidate.deployment, now))
            one["expected_wait_ms"] = wait->count();
        candidates.push_back(std::move(one));
    }
    return candidates;
}

Json score_json(const Described& described, const Snapshot& snapshot)
{
    const auto& score = described.features.score;
    if (!score || described.route == nullptr)
        return nullptr;
    const auto index =
        static_cast<std::size_t>(described.route - snapshot.rules.book.routes().data());
    Json reasons = Json::array();
    for (const auto& reason : score::reasons(*snapshot.rules.weights[index], described.scored))
        reasons.push_back({{"words", reason.words}, {"effect", reason.effect}});
    Json out{{"tier", score::name(score->tier)},
             {"rank", score->rank},
             {"gain", score->gain},
             {"confidence", score->confidence},
             {"weak_fails", score->weak_fails},
             {"strong_fails", score->strong_fails},
             {"reasons", std::move(reasons)},
             {"weights", snapshot.rules.weights[index]->name}};
    if (score->abstention != score::Abstention::none)
        out["abstains"] = score::describe(score->abstention);
    return out;
}

/// What the request is and how its rules and candidates were judged, plan or not.
void add_judgement(Json& out, const Described& described, const route::Explanation& why,
                   const Snapshot& snapshot)
{
    out["score"] = score_json(described, snapshot);
    out["rules"] = rules_json(why);
    out["candidates"] = candidates_json(why, snapshot);
    out["features"] =
        Json::parse(route::to_json(described.features, snapshot.rules.names), nullptr, false);
}

Json outline_json(const route::Explanation& why, const Snapshot& snapshot)
{
    return {{"route", why.route},
            {"rule", why.rule},
            {"reason", route::compact(why, snapshot.table)},
            {"boundary", privacy::name(why.boundary)},
            {"boundary_by", route::name(why.boundary_by)},
            {"prefer", route::name(why.prefer)}};
}

Json plan_json(const Described& described, const route::Plan& plan, const Snapshot& snapshot)
{
    Json chain = Json::array();
    for (const auto& hop : plan.hops)
        chain.push_back(snapshot.table[hop.group].name);
    auto out = outline_json(plan.why, snapshot);
    out["chain"] = std::move(chain);
    out["worst_cost_usd"] = usd(plan.worst_cost);
    add_judgement(out, described, plan.why, snapshot);
    return out;
}

/// Where the object `response` ends in the data of the event that ends a stream of Responses;
/// empty for any other data.
std::optional<std::size_t> end_of_response(std::string_view data)
{
    auto& index = dialect::JsonIndex::of_this_thread();
    const auto text = index.copy(data);
    if (!data.starts_with('{') || index.scan(text) != dialect::JsonFault::none)
        return std::nullopt;
    std::optional<std::size_t> end;
    bool last = false;
    dialect::JsonWalker json(text, index.tokens());
    json.object([&](const dialect::JsonKey& key) {
        const bool response = key.text == "response" && json.peek() == '{';
        const auto begin = json.offset();
        if (key.text == "type" && json.peek() == '"') {
            const auto type = json.string();
            last =
                type && (type->raw == "response.completed" || type->raw == "response.incomplete");
        } else if (json.skip() && response && json.since(begin).find('"') != std::string::npos) {
            end = json.end() - 1;
        }
    });
    const bool whole = json.finish();
    index.shrink();
    return whole && last ? end : std::nullopt;
}

/// Clients of Responses take the whole answer from the last event, so it stands there as in one.
/// @return Whether the last event is such a one.
bool add_to_last_event(const Routing& routing, std::string& bytes)
{
    constexpr std::string_view line = "data:";
    const auto before = bytes.rfind("\ndata:");
    if (before == std::string::npos && !bytes.starts_with(line))
        return false;
    auto begin = (before == std::string::npos ? 0 : before + 1) + line.size();
    begin += begin < bytes.size() && bytes[begin] == ' ' ? 1 : 0;
    const auto size = bytes.find_first_of("\r\n", begin) - begin;
    const auto end = end_of_response(std::string_view(bytes).substr(begin, size));
    if (end)
        bytes.insert(begin + *end, ",\"routing\":" + routing.explanation);
    return end.has_value();
}

}  // namespace

std::string explanation_json(const Described& described, const route::Plan& plan,
                             const Snapshot& snapshot)
{
    return plan_json(described, plan, snapshot)
        .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string refusal_json(const Described& described, const route::Explanation& why,
                         const Snapshot& snapshot)
{
    auto out = outline_json(why, snapshot);
    out["chain"] = Json::array();
    add_judgement(out, described, why, snapshot);
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> explain(const InferenceRequest& request, const net::Fields& fields,
                            Describer& describer, route::FleetView& fleet,
                            const route::BudgetView& budget)
{
    const auto& snapshot = *request.arrival.snapshot;
    const auto begun = std::chrono::steady_clock::now();
    const auto described = describe(request, fields, describer, ShareUse::ask);
    if (!described)
        return fail(described.error());
    route::Explanation refused;
    const auto plan = decide(*described, request, fleet, budget, refused);
    const auto took = std::chrono::steady_clock::now() - begun;

    Json out;
    if (plan) {
        out = plan_json(*described, *plan, snapshot);
    } else {
        out = outline_json(refused, snapshot);
        out["error"] = {{"code", spillway::describe(plan.error().code()).name},
                        {"message", plan.error().message()}};
        add_judgement(out, *described, refused, snapshot);
    }
    out["decided_in_us"] = std::chrono::duration<double, std::micro>(took).count();
    return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

void add_explanation(const Routing& routing, std::string& body)
{
    const auto end = body.find_last_not_of(" \t\r\n");
    const bool object = body.starts_with('{') && end != std::string::npos && body[end] == '}';
    if (object && !routing.explanation.empty())
        body.insert(end, ",\"routing\":" + routing.explanation);
}

void add_explanation(const Routing& routing, Parting& parting)
{
    if (routing.explanation.empty())
        return;
    if (auto* whole = std::get_if<WholeReply>(&parting)) {
        add_explanation(routing, whole->body);
    } else if (auto* last = std::get_if<StreamEnd>(&parting)) {
        if (add_to_last_event(routing, last->bytes))
            return;
        const auto done = last->bytes.rfind("data: [DONE]");
        if (done != std::string::npos)
            last->bytes.insert(done,
                               "data: {\"id\":\"routing\",\"object\":\"chat.completion.chunk\","
                               "\"created\":0,\"model\":\"spillway\",\"choices\":[],\"routing\":" +
                                   routing.explanation + "}\n\n");
    }
}

}  // namespace spillway::gateway
