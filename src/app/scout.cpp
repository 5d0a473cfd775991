#include "spillway/app/scout.hpp"

#include <utility>

#include "spillway/net/ask.hpp"

namespace spillway::app {

namespace {

constexpr Millis patience{300};
constexpr Millis pause{5'000};
constexpr std::size_t most_answer = std::size_t{4} << 20;

net::Task<void> look_at(Sighting& sighting, net::Shard& shard)
{
    const auto& place = sighting.place;
    net::Origin origin;
    origin.host = place.host;
    origin.port = place.port;
    net::UpstreamRequest request;
    request.head = "GET " + std::string(list_path(place.engine)) +
                   " HTTP/1.1\r\nhost: " + place.base().substr(7) +
                   "\r\naccept: application/json\r\nuser-agent: spillway/" SPILLWAY_VERSION
                   "\r\n\r\n";
    net::CallBounds bounds(privacy::Passage::without_request());
    bounds.connect = patience;
    bounds.deadline = std::chrono::steady_clock::now() + patience;
    net::UpstreamCall call(shard);
    const auto body = co_await net::ask(call, origin, request, bounds, most_answer);
    if (body)
        sighting.models = read_models(place.engine, *body);
}

/// One look at every place; lives in the frame of the coroutine that waits for `done`.
struct Round {
    std::vector<Sighting> sightings;
    std::size_t running = 0;
    net::Event done;
};

net::Task<void> look(Round& round, Sighting& sighting, net::Shard& shard)
{
    co_await look_at(sighting, shard);
    // Nothing of the round may be touched behind `set`: it resumes the owner, who ends it.
    if (--round.running == 0)
        round.done.set();
}

net::Task<std::vector<Sighting>> look_around(std::vector<EnginePlace> places, net::Shard& shard)
{
    Round round;
    for (auto& place : places)
        round.sightings.push_back(Sighting{std::move(place), std::nullopt});
    round.running = round.sightings.size();
    if (round.running == 0)
        co_return std::vector<Sighting>{};
    for (auto& sighting : round.sightings)
        net::spawn(look(round, sighting, shard));
    co_await round.done.wait();
    co_return std::move(round.sightings);
}

}  // namespace

Scout::Scout(net::Shard& shard, std::vector<EnginePlace> places, Report report)
    : shard_(shard), places_(std::move(places)), report_(std::move(report))
{}

void Scout::start()
{
    shard_.post([this] { net::spawn(roam()); });
}

void Scout::stop()
{
    shard_.post([this] {
        stopping_ = true;
        interrupt_.set();
    });
}

void Scout::hurry()
{
    shard_.post([this] { interrupt_.set(); });
}

net::Task<void> Scout::roam()
{
    while (!stopping_ && !shard_.draining()) {
        interrupt_.reset();
        auto places = places_;
        auto seen = co_await look_around(std::move(places), shard_);
        if (stopping_)
            co_return;
        report_(std::move(seen));
        // Not in step with anybody else who polls the same engines.
        const Millis jitter{static_cast<Millis::rep>(shard_.random().draw() % 1'000)};
        co_await shard_.sleep(pause + jitter, &interrupt_);
    }
}

}  // namespace spillway::app
