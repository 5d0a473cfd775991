#include "local_policies_run.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <utility>

#include "spillway/engine/forecast.hpp"
#include "spillway/engine/prediction.hpp"

namespace local_policies {

namespace {

namespace se = spillway::engine;
using spillway::Millis;
using spillway::TimePoint;
using spillway::Tokens;

double percentile(std::vector<double> values, double share)
{
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const auto rank =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

/// What all policies have in common: the engine, the cloud, the books.
class Place {
public:
    Place(const EngineScript& script, const CloudScript& cloud, std::uint64_t seed)
        : engine_(script, clock_, seed), cloud_(cloud), random_(seed + 1)
    {}
    virtual ~Place() = default;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    Result play(const std::vector<Request>& requests)
    {
        result_.requests = requests.size();
        left_ = requests.size();
        for (const auto& request : requests)
            clock_.in(request.arrives, [this, &request] { arrives(request); });
        clock_.run();
        result_.answered = first_tokens_.size();
        result_.p50 = percentile(first_tokens_, 0.5);
        result_.p99 = percentile(first_tokens_, 0.99);
        result_.loads = engine_.loads();
        return result_;
    }

protected:
    virtual void arrives(const Request& request) = 0;
    /// The cloud answered with its first token.
    virtual void cloud_began(double) {}

    void first_token(const Request& request)
    {
        first_tokens_.push_back(clock_.seconds() - request.arrives);
        --left_;
    }
    void fails()
    {
        ++result_.failed;
        --left_;
    }
    void to_cloud(const Request& request)
    {
        ++result_.cloud;
        result_.dollars += price(request.prompt, request.answer);
        const auto wait =
            cloud_.first_token * std::lognormal_distribution<double>(0, cloud_.spread)(random_);
        clock_.in(wait, [this, &request, wait] {
            first_token(request);
            cloud_began(wait);
        });
    }
    [[nodiscard]] double price(std::int64_t prompt, std::int64_t answer) const
    {
        return (static_cast<double>(prompt) * cloud_.input_price +
                static_cast<double>(answer) * cloud_.output_price) /
               1e6;
    }

    Clock clock_;
    ScriptedEngine engine_;
    CloudScript cloud_;
    std::mt19937_64 random_;
    Result result_;
    std::size_t left_ = 0;  ///< Requests without a first token or an error.
    std::vector<double> first_tokens_;
};

/// All go to the engine until something says otherwise; the engine does the queueing.
class Counting final : public Place {
public:
    Counting(const EngineScript& script, const CloudScript& cloud, const Policy& policy,
             std::uint64_t seed)
        : Place(script, cloud, seed), policy_(policy), in_flight_(script.models.size())
    {}

private:
    [[nodiscard]] bool over(std::size_t model) const
    {
        if (policy_.kind != Policy::Kind::in_flight)
            return false;
        if (policy_.most.size() > 1)
            return in_flight_[model] >= policy_.most[model];
        std::uint32_t all = 0;
        for (const auto one : in_flight_)
            all += one;
        return all >= policy_.most.front();
    }

    void arrives(const Request& request) override
    {
        const bool cloud = policy_.kind != Policy::Kind::local_only;
        if (over(request.model))
            return to_cloud(request);
        auto begun = std::make_shared<bool>(false);
        const auto call = engine_.submit(
            request, {.first_token =
                          [this, &request, begun] {
                              *begun = true;
                              first_token(request);
                          },
                      .done = [this, &request](const auto&) { --in_flight_[request.model]; }});
        if (!call)
            return cloud ? to_cloud(request) : fails();
        ++in_flight_[request.model];
        if (cloud) {
            clock_.in(policy_.timeout, [this, &request, begun, id = *call] {
                if (*begun)
                    return;
                engine_.cancel(id);
                --in_flight_[request.model];
                to_cloud(request);
            });
        }
    }

    Policy policy_;
    std::vector<std::uint32_t> in_flight_;
};

/// spillway: its picture, its queue, its forecast. It knows what the engine reports and what
/// passes.
class Predicting final : public Place {
public:
    Predicting(const EngineScript& script, const CloudScript& cloud, const Policy& policy,
               std::uint64_t seed)
        : Place(script, cloud, seed), policy_(policy), queue_(policy.queue)
    {
        // What an operator writes down: OLLAMA_NUM_PARALLEL. Memory and speeds are learned.
        se::EngineSettings settings;
        settings.slots = script.models.front().slots;
        picture_ = se::EnginePicture(settings);
        for (const auto& model : script.models)
            models_.push_back(*picture_.model(model.name));
        poll();
    }

private:
    struct Waits {
        const Request* request;
        Millis predicted;
    };

    void poll()
    {
        std::vector<se::ModelReport> report;
        for (std::size_t index = 0; index < models_.size(); ++index)
            report.push_back({engine_.script().models[index].name, engine_.report(index)});
        picture_.reported(report, clock_.now());
        pump();
        if (left_ > 0 || clock_.seconds() < 1)
            clock_.in(5, [this] { poll(); });
    }

    [[nodiscard]] se::Turn turn_of(const Request& request) const
    {
        const auto last = last_here_.find(request.client);
        return last != last_here_.end() && last->second == request.conversation
                   ? se::Turn::follow_up
                   : se::Turn::first;
    }

    [[nodiscard]] se::Ask ask_of(const Request& request) const
    {
        se::Ask ask;
        ask.model = models_[request.model];
        ask.key = se::FairKey{request.client};
        ask.to_read = picture_.to_read(ask.model, Tokens{request.prompt}, turn_of(request));
        if (request.most)
            ask.most = Tokens{*request.most};
        ask.work = picture_.work(ask.model, ask.to_read, ask.most);
        return ask;
    }

    /// Guesses of the answer's price are made from its typical length, as a gateway would.
    [[nodiscard]] se::NextHop next_hop(const Request& request) const
    {
        if (policy_.kind == Policy::Kind::predicted_local)
            return {};
        const auto answer = picture_.snapshot(models_[request.model]).answer;
        return {.leave = se::Leave::allowed,
                .first_token = Millis{std::llround(cloud_usual_ * 1000)},
                .extra = spillway::NanoUsd{
                    std::llround(price(request.prompt, spillway::count(answer)) * 1e9)}};
    }

    void arrives(const Request& request) override
    {
        const auto now = clock_.now();
        const auto ask = ask_of(request);
        const se::Here here{.forecast = se::forecast(picture_, queue_, ask, now),
                            .waited = {},
                            .room = queue_.waiting() >= policy_.queue.most_waiting
                                        ? se::Here::Room::full
                                        : se::Here::Room::some};
        const auto verdict = se::decide(here, next_hop(request), policy_.patience);
        if (verdict.what != se::Overflow::stay)
            return leaves(request, verdict);
        const auto entry = queue_.enter(ask, picture_.shape(), now);
        if (entry.kind == se::Entry::Kind::full)
            return leaves(request, {se::Overflow::spill, se::Why::full});
        waits_[entry.ticket] = {&request, here.forecast.total()};
        if (entry.kind == se::Entry::Kind::admitted)
            send(entry.ticket);
        else if (policy_.kind == Policy::Kind::predicted)
            ask_again(entry.ticket, here);
        watch();
    }

    void leaves(const Request& request, const se::Verdict& verdict)
    {
        if (verdict.what == se::Overflow::refuse || policy_.kind == Policy::Kind::predicted_local)
            return fails();
        to_cloud(request);
        const auto model = models_[request.model];
        if (!se::worth_loading(queue_, picture_.shape(), model, clock_.now()))
            return;
        se::Ask ask;
        ask.model = model;
        ask.priority = se::Priority::batch;
        ask.most = Tokens{0};
        const auto entry = queue_.enter(ask, picture_.shape(), clock_.now());
        if (entry.kind == se::Entry::Kind::full)
            return;
        waits_[entry.ticket] = {nullptr, {}};
        loads_only_[entry.ticket] = request.model;
        if (entry.kind == se::Entry::Kind::admitted)
            send(entry.ticket);
        watch();
    }

    void ask_again(se::TicketId ticket, const se::Here& before)
    {
        const auto wait = se::ask_again_in(before, policy_.patience);
        clock_.at(clock_.now() + wait, [this, ticket] {
            const auto waits = waits_.find(ticket);
            if (waits == waits_.end())
                return;
            const auto& request = *waits->second.request;
            const se::Here here{
                .forecast = se::forecast(picture_, queue_, ticket, clock_.now()),
                .waited = Millis{std::llround((clock_.seconds() - request.arrives) * 1000)}};
            const auto verdict = se::decide(here, next_hop(request), policy_.patience);
            if (verdict.what == se::Overflow::stay)
                return ask_again(ticket, here);
            queue_.leave(ticket);
            waits_.erase(waits);
            leaves(request, verdict);
            pump();
        });
    }

    void pump()
    {
        for (const auto& call : queue_.next(picture_.shape(), clock_.now()))
            send(call.ticket);
        watch();
    }

    void watch()
    {
        const auto wake = queue_.wake_at(picture_.shape(), clock_.now());
        if (wake == TimePoint::max() || wake == watched_)
            return;
        watched_ = wake;
        clock_.at(wake, [this, wake] {
            if (watched_ != wake)
                return;
            watched_ = TimePoint::max();
            pump();
        });
    }

    void send(se::TicketId ticket)
    {
        const auto waits = waits_.at(ticket);
        waits_.erase(ticket);
        Request only_load;
        if (waits.request == nullptr)
            only_load.model = loads_only_.at(ticket);
        const auto& request = waits.request == nullptr ? only_load : *waits.request;
        const auto model = models_[request.model];
        const auto now = clock_.now();
        const auto turn = waits.request == nullptr ? se::Turn::first : turn_of(request);
        picture_.sent(model, now);
        if (waits.request != nullptr)
            last_here_[request.client] = request.conversation;
        auto first = std::make_shared<std::optional<Millis>>();
        const auto call = engine_.submit(
            request, {.first_token =
                          [this, waits, ticket, model, now, first] {
                              *first = std::chrono::duration_cast<Millis>(clock_.now() - now);
                              picture_.first_token(model, clock_.now());
                              queue_.writes(ticket, clock_.now());
                              if (waits.request != nullptr)
                                  hears(*waits.request, waits.predicted);
                          },
                      .done =
                          [this, waits, ticket, model, now, first, turn](const auto& facts) {
                              se::Served served{.sent = now, .first_token = *first, .turn = turn};
                              served.took = std::chrono::duration_cast<Millis>(clock_.now() - now);
                              served.engine = facts;
                              if (waits.request != nullptr) {
                                  served.prompt = Tokens{waits.request->prompt};
                                  served.generated = Tokens{waits.request->answer};
                              }
                              picture_.served(model, served, clock_.now());
                              queue_.leave(ticket);
                              pump();
                          }});
        if (!call) {
            picture_.failed(model, now);
            queue_.leave(ticket);
            if (waits.request != nullptr)
                leaves(request, {se::Overflow::spill, se::Why::full});
        }
    }

    void hears(const Request& request, Millis predicted)
    {
        first_token(request);
        errors_.record(predicted,
                       Millis{std::llround((clock_.seconds() - request.arrives) * 1000)});
        result_.mean_error = static_cast<double>(errors_.mean_size().count()) / 1000;
        result_.bias = static_cast<double>(errors_.bias().count()) / 1000;
    }

    void cloud_began(double wait) override { cloud_usual_ += (wait - cloud_usual_) / 16; }

    Policy policy_;
    se::EnginePicture picture_;
    se::AdmissionQueue queue_;
    se::PredictionError errors_;
    std::vector<se::ModelIndex> models_;
    std::unordered_map<se::TicketId, Waits> waits_;
    std::unordered_map<se::TicketId, std::size_t> loads_only_;
    std::unordered_map<std::uint64_t, std::uint64_t> last_here_;  ///< Conversation, by client.
    double cloud_usual_ = 1;                                      ///< Learned; a guess at first.
    TimePoint watched_ = TimePoint::max();
};

}  // namespace

Policy policy(Policy::Kind kind)
{
    Policy policy;
    policy.kind = kind;
    return policy;
}

Policy in_flight(std::vector<std::uint32_t> most)
{
    auto counting = policy(Policy::Kind::in_flight);
    counting.most = std::move(most);
    return counting;
}

Result run(const EngineScript& engine, const CloudScript& cloud,
           const std::vector<Request>& requests, const Policy& policy, std::uint64_t seed)
{
    if (policy.kind == Policy::Kind::predicted || policy.kind == Policy::Kind::predicted_local)
        return Predicting(engine, cloud, policy, seed).play(requests);
    return Counting(engine, cloud, policy, seed).play(requests);
}

std::optional<Threshold> cheapest_in_flight(const EngineScript& engine, const CloudScript& cloud,
                                            const std::vector<Request>& requests, double p99,
                                            std::uint32_t fewest, std::uint64_t seed)
{
    std::optional<Threshold> best;
    const auto attempt = [&](std::vector<std::uint32_t> most) {
        const auto result = run(engine, cloud, requests, in_flight(most), seed);
        if (result.p99 <= p99 && (!best || result.dollars < best->result.dollars))
            best = {std::move(most), result};
    };
    for (std::uint32_t most = 0; most <= 32; ++most)
        attempt({most});
    if (engine.models.size() == 2) {
        for (auto one = fewest; one <= 12; ++one) {
            for (auto other = fewest; other <= 12; ++other)
                attempt({one, other});
        }
    }
    return best;
}

}  // namespace local_policies
