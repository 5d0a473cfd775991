#include "spillway/gateway/rates.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/lease_wait.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/settle.hpp"

namespace spillway::gateway {
namespace {

using chat::ScopeKind;
using config::TokenRateType;

/// The names that a model's limits may be given for: as asked, and its group's.
struct ModelNames {
    std::string_view asked;
    std::string_view group;  ///< Of an alias of a route, the route; else empty for routes.
    std::optional<GroupIndex> index;

    [[nodiscard]] bool has(std::string_view name) const
    {
        return name == asked || (!group.empty() && name == group);
    }
};

ModelNames names_of(const InferenceRequest& request)
{
    const auto& snapshot = *request.arrival.snapshot;
    ModelNames names;
    names.asked = request.facts.model;
    if (snapshot.rules.book.find(names.asked) != nullptr) {
        names.group = snapshot.rules.book.stands_for(names.asked);
        return names;
    }
    if (const auto place = snapshot.table.resolve(names.asked)) {
        names.group = snapshot.table[place->group].name;
        names.index = place->group;
    }
    return names;
}

/// The limit of one model in a list of `model_rpm_limit`.
std::optional<std::int64_t> of_model(const std::vector<std::pair<std::string, std::int64_t>>& list,
                                     const ModelNames& names)
{
    const auto found = std::find_if(list.begin(), list.end(),
                                    [&](const auto& each) { return names.has(each.first); });
    return found == list.end() ? std::nullopt : std::optional(found->second);
}

class LimitList {
public:
    LimitList(const InferenceRequest& request, ModelNames names) : request_(request), names_(names)
    {}

    void add_configured()
    {
        const auto& config = request_.arrival.snapshot->config;
        add({ScopeKind::proxy,
             {},
             {},
             config.rate_limits.rpm,
             config.rate_limits.tpm,
             config.general.global_max_parallel});
        for (const auto& [model, rates] : config.rate_limits.models) {
            if (names_.has(model))
                add({ScopeKind::group, model, {}, rates.rpm, rates.tpm, rates.max_parallel});
        }
    }

    /// @return Whether a model of its own is named in it.
    bool add_scope(const chat::ScopeRates& rates)
    {
        const auto& [kind, name] = rates.scope;
        add({kind,
             name,
             {},
             rates.requests_per_minute,
             rates.tokens_per_minute,
             rates.parallel_requests});
        const auto requests = of_model(rates.model_requests_per_minute, names_);
        const auto tokens = of_model(rates.model_tokens_per_minute, names_);
        add({kind, name, names_.asked, requests, tokens, std::nullopt});
        return requests || tokens;
    }

    void add_granted(const chat::Grant& grant)
    {
        bool key_names_model = false;
        for (const auto& rates : grant.rates) {
            const bool names_model = add_scope(rates);
            key_names_model =
                key_names_model || (names_model && rates.scope.kind == ScopeKind::key);
        }
        if (key_names_model || !names_.index)
            return;
        const auto& usual = request_.arrival.snapshot->key_rates[at(*names_.index)];
        add({ScopeKind::key, grant.key_hash, names_.asked, usual.rpm, usual.tpm, std::nullopt});
    }

    std::vector<guard::Limit> limits;

private:
    void add(const guard::Limit& limit)
    {
        if (limit.requests || limit.tokens || limit.parallel)
            limits.push_back(limit);
    }

    const InferenceRequest& request_;
    ModelNames names_;
};

bool has_limits(const InferenceRequest& request)
{
    const auto& config = request.arrival.snapshot->config;
    const auto& rates = config.rate_limits;
    return request.arrival.caller.grant || rates.rpm || rates.tpm || !rates.models.empty() ||
           config.general.global_max_parallel;
}

/// What is known of the request's end user; null for most.
std::shared_ptr<const keys::Patron> patron_of(const InferenceRequest& request, Services& services)
{
    const auto& name = request.facts.end_user;
    return name.empty() ? nullptr : services.keys.now()->grants.end_user(recorded_name(name));
}

chat::TokenWish counted_part(chat::TokenWish wish, TokenRateType type)
{
    if (type == TokenRateType::output)
        wish.prompt = Tokens{0};
    if (type == TokenRateType::input) {
        wish.answer = Tokens{0};
        wish.by = chat::TokenWish::Answer::asked;
    }
    return wish;
}

Tokens counted_part(const chat::Usage& usage, TokenRateType type)
{
    switch (type) {
        case TokenRateType::total:
            break;
        case TokenRateType::input:
            return usage.prompt;
        case TokenRateType::output:
            return usage.completion;
    }
    return usage.prompt + usage.completion;
}

void add_meter(net::HeaderLines& lines, std::string_view of, const std::optional<guard::Meter>& is)
{
    if (!is)
        return;
    const auto name = [of](std::string_view what) {
        return std::string("x-ratelimit-").append(what).append("-").append(of);
    };
    lines.add(name("limit"), is->limit);
    lines.add(name("remaining"), is->left);
    lines.add(name("reset"), reset_text(is->full_in));
}

/// May it stand in a header's name (RFC 9110, token)? Not every model's name may.
bool is_token(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               c == '-' || c == '.' || c == '_';
    });
}

std::string rate_lines(const guard::LimitsLeft& left, std::string_view model)
{
    net::HeaderLines lines;
    add_meter(lines, "requests", left.requests);
    add_meter(lines, "tokens", left.tokens);
    if (is_token(model) && left.key_requests_of_model)
        lines.add("x-litellm-key-remaining-requests-" + std::string(model),
                  *left.key_requests_of_model);
    if (is_token(model) && left.key_tokens_of_model)
        lines.add("x-litellm-key-remaining-tokens-" + std::string(model),
                  *left.key_tokens_of_model);
    return lines.text();
}

/// LiteLLM's word for whose limit it is; also the metric's label but for models.
std::string_view word_for(ScopeKind kind)
{
    switch (kind) {
        case ScopeKind::proxy:
            return "proxy";
        case ScopeKind::provider:
            return "provider";
        case ScopeKind::deployment:
            return "deployment";
        case ScopeKind::group:
            return "model";
        case ScopeKind::key:
            return "api_key";
        case ScopeKind::team:
            return "team";
        case ScopeKind::user:
            return "user";
        case ScopeKind::member:
            return "team_member";
        case ScopeKind::end_user:
            return "end_user";
        case ScopeKind::tag:
            return "tag";
        case ScopeKind::key_model:
            return "model_per_key";
    }
    return "proxy";
}

std::string whose(const guard::OverLimit& over)
{
    const std::string_view word = word_for(over.kind);
    if (over.model.empty())
        return std::string(word) + (over.name.empty() ? "" : ": " + printable(over.name));
    const bool key = over.kind == ScopeKind::key;
    return "model_per_" + std::string(key ? "key" : word) + ": " + printable(over.name) + ":" +
           printable(over.model);
}

Error too_large(const guard::OverLimit& over)
{
    return {Errc::rate_limited,
            "Request too large for " + whose(over) + " on " + std::string(name(over.measure)) +
                " per min: Limit " + std::to_string(over.limit) + ", Requested " +
                std::to_string(over.wanted) +
                ". It can never be admitted: the input or output tokens (max_tokens) must be "
                "reduced."};
}

/// In LiteLLM's words.
Error refused(const guard::OverLimit& over, WallTime now)
{
    if (!over.wait)
        return too_large(over);
    const auto wait = std::chrono::ceil<Millis>(*over.wait);
    const auto when = rfc3339(now + wait);
    return Error(Errc::rate_limited,
                 "Rate limit exceeded for " + whose(over) +
                     ". Limit type: " + std::string(name(over.measure)) + ". Current limit: " +
                     std::to_string(over.limit) + ", Remaining: " + std::to_string(over.left) +
                     ". Limit resets at: " + when.substr(0, 10) + " " + when.substr(11, 8) + " UTC")
        .retry_in(wait);
}

}  // namespace

std::vector<config::ModelRates> key_rates(const config::Config& config,
                                          const route::RoutingTable& table)
{
    const auto least = [](std::optional<std::int64_t>& known,
                          const std::optional<std::int64_t>& other) {
        if (other)
            known = std::min(known.value_or(*other), *other);
    };
    std::vector<config::ModelRates> rates(table.groups().size());
    for (std::size_t i = 0; i < rates.size(); ++i) {
        for (const auto member : table.groups()[i].members) {
            least(rates[i].rpm, config.deployments[at(member)].key_rpm);
            least(rates[i].tpm, config.deployments[at(member)].key_tpm);
        }
    }
    return rates;
}

chat::TokenWish token_wish(const InferenceRequest& request, Tokens prompt)
{
    chat::TokenWish wish;
    wish.prompt = prompt;
    if (request.endpoint() == chat::Endpoint::embeddings) {
        wish.by = chat::TokenWish::Answer::asked;
    } else if (request.facts.max_tokens) {
        wish.by = chat::TokenWish::Answer::asked;
        wish.answer = *request.facts.max_tokens;
    } else {
        wish.answer = request.arrival.snapshot->config.rate_limits.assumed_answer;
    }
    return wish;
}

Result<void> take_rates(InferenceRequest& request, Services& services)
{
    const auto patron = patron_of(request, services);
    if (!patron && !has_limits(request))
        return {};
    LimitList list(request, names_of(request));
    list.add_configured();
    if (const auto& grant = request.arrival.caller.grant)
        list.add_granted(*grant);
    if (patron)
        for (const auto& rates : patron->rates)
            list.add_scope(rates);
    if (list.limits.empty())
        return {};

    const auto type = request.arrival.snapshot->config.general.token_rate_type;
    const auto wish =
        counted_part(token_wish(request, dialect::estimate_tokens(request.facts.text_bytes)), type);
    auto decision = services.shared.rate_limits.take(list.limits, wish, services.clock.now());
    const auto lacking = decision.refused ? decision.refused->kind : ScopeKind::proxy;
    request.rates = std::make_unique<Rates>(Rates{std::move(decision.taken), decision.lack, lacking,
                                                  rate_lines(decision.left, request.facts.model)});
    if (!decision.refused)
        return {};
    if (!may_get_more(request, services))
        services.metrics.rate_limited(word_for(lacking)).Increment();
    return fail(refused(*decision.refused, services.clock.wall()));
}

bool may_get_more(const InferenceRequest& request, const Services& services)
{
    return request.rates && request.rates->taken.empty() &&
           request.rates->lack == guard::RateLimits::Decision::Lack::lease &&
           services.shared.leases.state() == guard::LeaseDesk::State::open;
}

net::Task<Result<void>> wait_for_rates(InferenceRequest& request, net::Exchange& exchange,
                                       Services& services)
{
    const auto until = services.clock.now() + lease_patience;
    for (;;) {
        const auto woken = next_lease_answer(services);
        auto taken = take_rates(request, services);
        if (taken || !may_get_more(request, services))
            co_return taken;
        const auto left = std::chrono::ceil<Millis>(until - services.clock.now());
        if (left <= Millis{0} || exchange.client_gone()) {
            services.metrics.rate_limited(word_for(request.rates->lacking)).Increment();
            co_return taken;
        }
        co_await services.shard.sleep(left, woken.get());
    }
}

void correct_rates(InferenceRequest& request, const Outcome& outcome, TimePoint now)
{
    if (!request.rates)
        return;
    const bool known = outcome.usage.source != chat::UsageSource::unknown;
    if (!known && outcome.first_attempt && outcome.end != ledger::Outcome::refused)
        return;
    const auto type = request.arrival.snapshot->config.general.token_rate_type;
    auto used = counted_part(outcome.usage, type);
    if (outcome.superseded)
        used = used + counted_part(outcome.superseded->usage, type);
    request.rates->taken.correct(used, now);
}

void return_tokens(InferenceRequest& request, TimePoint now)
{
    if (request.rates)
        request.rates->taken.correct(Tokens{0}, now);
}

std::string reset_text(std::chrono::nanoseconds time)
{
    const auto whole = std::max<std::int64_t>(0, std::chrono::ceil<Millis>(time).count());
    if (whole < 1'000)
        return std::to_string(whole) + "ms";
    const auto minutes = whole / 60'000;
    const auto seconds = whole % 60'000 / 1'000;
    std::string text = minutes > 0 ? std::to_string(minutes) + "m" : std::string();
    text += std::to_string(seconds);
    if (const auto rest = whole % 1'000; rest != 0) {
        const auto digits = std::to_string(1'000 + rest).substr(1);
        text.append(".").append(digits.substr(0, digits.find_last_not_of('0') + 1));
    }
    return text + "s";
}

}  // namespace spillway::gateway
