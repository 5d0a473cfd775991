#include "spillway/engine/queue.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1h};
constexpr ModelIndex a{0};
constexpr ModelIndex b{1};

/// Two models; `memory` of the engine, 6 for each.
EngineShape shape_of(Warmth of_a, Warmth of_b, std::optional<std::uint64_t> memory,
                     std::uint32_t slots = 1)
{
    EngineShape shape;
    shape.memory = memory;
    shape.limit = memory;
    for (const auto warmth : {of_a, of_b}) {
        ModelShape model;
        model.warmth = warmth;
        model.slots = slots;
        model.memory = 6;
        model.load = 4s;
        shape.models.push_back(model);
    }
    return shape;
}

Ask ask(ModelIndex model, std::uint64_t key = 1, Priority priority = Priority::interactive)
{
    Ask asked;
    asked.model = model;
    asked.key = FairKey{key};
    asked.priority = priority;
    asked.work = 1s;
    return asked;
}

std::vector<TicketId> admitted(const std::vector<Call>& calls)
{
    std::vector<TicketId> tickets;
    for (const auto& call : calls) {
        if (call.kind == Call::Kind::admitted)
            tickets.push_back(call.ticket);
    }
    return tickets;
}

TEST(AdmissionQueue, AdmitsAsManyAsThereAreSlots)
{
    AdmissionQueue queue;
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {}, 2);
    EXPECT_EQ(queue.enter(ask(a), shape, start).kind, Entry::Kind::admitted);
    EXPECT_EQ(queue.enter(ask(a), shape, start).kind, Entry::Kind::admitted);
    const auto third = queue.enter(ask(a), shape, start);
    EXPECT_EQ(third.kind, Entry::Kind::waiting);
    EXPECT_EQ(third.held, Held::slots);
    EXPECT_EQ(third.position, 0U);
    const auto fourth = queue.enter(ask(a), shape, start);
    EXPECT_EQ(fourth.position, 1U);
    EXPECT_TRUE(queue.next(shape, start).empty());
}

TEST(AdmissionQueue, CallsTheNextWhenOneLeaves)
{
    AdmissionQueue queue;
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {});
    const auto first = queue.enter(ask(a), shape, start);
    const auto second = queue.enter(ask(a), shape, start);
    const auto third = queue.enter(ask(a), shape, start);
    queue.leave(first.ticket);
    EXPECT_EQ(admitted(queue.next(shape, start)), std::vector{second.ticket});
    queue.leave(third.ticket);
    queue.leave(third.ticket);
    queue.leave(second.ticket);
    EXPECT_TRUE(queue.next(shape, start).empty());
    EXPECT_EQ(queue.running() + queue.waiting(), 0U);
}

TEST(AdmissionQueue, RefusesWhatItHasNoRoomFor)
{
    AdmissionQueue queue({.most_waiting = 1});
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {});
    (void)queue.enter(ask(a), shape, start);
    EXPECT_EQ(queue.enter(ask(a), shape, start).kind, Entry::Kind::waiting);
    EXPECT_EQ(queue.enter(ask(a), shape, start).kind, Entry::Kind::full);
    EXPECT_EQ(queue.waiting(), 1U);
}

TEST(AdmissionQueue, BoundsTheEngineAsAWhole)
{
    AdmissionQueue queue({.most_running = 1});
    const auto shape = shape_of(Warmth::loaded, Warmth::loaded, 12, 4);
    EXPECT_EQ(queue.enter(ask(a), shape, start).kind, Entry::Kind::admitted);
    const auto other = queue.enter(ask(b), shape, start);
    EXPECT_EQ(other.kind, Entry::Kind::waiting);
    EXPECT_EQ(other.held, Held::slots);
}

TEST(AdmissionQueue, ServesInteractiveBeforeBatch)
{
    AdmissionQueue queue;
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {});
    const auto runs = queue.enter(ask(a), shape, start);
    const auto batch = queue.enter(ask(a, 1, Priority::batch), shape, start);
    const auto person = queue.enter(ask(a, 2), shape, start + 1s);
    EXPECT_EQ(person.position, 0U);
    EXPECT_EQ(queue.position(batch.ticket, shape, start + 1s), 1U);
    queue.leave(runs.ticket);
    EXPECT_EQ(admitted(queue.next(shape, start + 1s)), std::vector{person.ticket});
}

TEST(AdmissionQueue, DoesNotStarveBatch)
{
    AdmissionQueue queue({.batch_ages = 10s});
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {});
    auto runs = queue.enter(ask(a), shape, start).ticket;
    const auto batch = queue.enter(ask(a, 9, Priority::batch), shape, start).ticket;
    auto now = start;
    for (int i = 0; i < 40; ++i) {
        now += 1s;
        (void)queue.enter(ask(a, 2), shape, now);
        queue.leave(runs);
        const auto called = admitted(queue.next(shape, now));
        ASSERT_EQ(called.size(), 1U);
        runs = called.front();
        if (runs == batch)
            break;
    }
    EXPECT_EQ(runs, batch);
    EXPECT_LE(now, start + 13s);
}

TEST(AdmissionQueue, IsFairBetweenKeys)
{
    AdmissionQueue queue;
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {});
    auto runs = queue.enter(ask(a, 1), shape, start).ticket;
    for (int i = 0; i < 50; ++i)
        (void)queue.enter(ask(a, 1), shape, start);
    const auto other = queue.enter(ask(a, 2), shape, start);
    EXPECT_LE(other.position, 1U);
    int before = 0;
    while (runs != other.ticket) {
        queue.leave(runs);
        runs = admitted(queue.next(shape, start)).at(0);
        ASSERT_LE(++before, 3);
    }
}

TEST(AdmissionQueue, EndsWaitingAtTheDeadline)
{
    AdmissionQueue queue;
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, {});
    (void)queue.enter(ask(a), shape, start);
    auto hurried = ask(a);
    hurried.deadline = start + 5s;
    const auto waits = queue.enter(hurried, shape, start);
    EXPECT_EQ(queue.wake_at(shape, start), start + 5s);
    EXPECT_TRUE(queue.next(shape, start + 4s).empty());
    const auto calls = queue.next(shape, start + 5s);
    ASSERT_EQ(calls.size(), 1U);
    EXPECT_EQ(calls[0].ticket, waits.ticket);
    EXPECT_EQ(calls[0].kind, Call::Kind::expired);
    EXPECT_TRUE(queue.next(shape, start + 6s).empty());
}

TEST(AdmissionQueue, LoadsBesideOthersOnlyWhatIsKnownToFit)
{
    AdmissionQueue fits;
    const auto roomy = shape_of(Warmth::loaded, Warmth::cold, 12);
    (void)fits.enter(ask(a), roomy, start);
    EXPECT_EQ(fits.enter(ask(b), roomy, start).kind, Entry::Kind::admitted);

    for (const auto memory : {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{11}}) {
        AdmissionQueue tight;
        const auto shape = shape_of(Warmth::loaded, Warmth::cold, memory);
        const auto works = tight.enter(ask(a), shape, start);
        const auto waits = tight.enter(ask(b), shape, start);
        EXPECT_EQ(waits.kind, Entry::Kind::waiting);
        EXPECT_EQ(waits.held, Held::memory);
        // Not even after its turn came: the other has running work.
        EXPECT_TRUE(tight.next(shape, start + 10min).empty());
        tight.leave(works.ticket);
        EXPECT_EQ(admitted(tight.next(shape, start + 10min)), std::vector{waits.ticket});
    }
}

TEST(AdmissionQueue, KnowsOfALoadBeforeItsRequestIsSent)
{
    AdmissionQueue queue({.linger = 0});
    const auto shape = shape_of(Warmth::loaded, Warmth::cold, 11);
    // The idle model has to go for this one, and the shape does not say so yet.
    EXPECT_EQ(queue.enter(ask(b), shape, start).kind, Entry::Kind::admitted);
    EXPECT_EQ(queue.enter(ask(a), shape, start).kind, Entry::Kind::waiting);
}

TEST(AdmissionQueue, LingersBeforeItPutsAModelAway)
{
    AdmissionQueue queue({.turn = 30s, .linger = 0.5});
    auto shape = shape_of(Warmth::loaded, Warmth::cold, 11);
    const auto works = queue.enter(ask(a), shape, start);
    const auto waits = queue.enter(ask(b), shape, start);
    queue.leave(works.ticket);
    shape.models[0].used_at = start + 1s;
    EXPECT_TRUE(queue.next(shape, start + 1s).empty());
    EXPECT_EQ(queue.held(waits.ticket, shape, start + 1s), Held::turn);
    EXPECT_EQ(queue.wake_at(shape, start + 1s), start + 3s);
    // One that comes meanwhile is served at once.
    const auto again = queue.enter(ask(a), shape, start + 2s);
    EXPECT_EQ(again.kind, Entry::Kind::admitted);
    queue.leave(again.ticket);
    shape.models[0].used_at = start + 4s;
    EXPECT_TRUE(queue.next(shape, start + 4s).empty());
    EXPECT_EQ(admitted(queue.next(shape, start + 6s)), std::vector{waits.ticket});
}

TEST(AdmissionQueue, DoesNotLingerForAnIdleModelThatMayFit)
{
    for (const auto memory : {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{6}}) {
        auto shape = shape_of(Warmth::loaded, Warmth::cold, memory);
        shape.limit.reset();
        AdmissionQueue queue({.turn = 30s, .linger = 0.5});
        shape.models[0].used_at = start;
        EXPECT_EQ(queue.enter(ask(b), shape, start).kind, Entry::Kind::admitted);

        // Those that were seen together are not in each other's way at all.
        AdmissionQueue knowing;
        shape.models[0].fits = 2;
        shape.models[1].fits = 1;
        EXPECT_EQ(knowing.enter(ask(a), shape, start).kind, Entry::Kind::admitted);
        EXPECT_EQ(knowing.enter(ask(b), shape, start).kind, Entry::Kind::admitted);

        AdmissionQueue clashing({.turn = 30s, .linger = 0.5});
        shape.models[0].fits = shape.models[1].fits = 0;
        shape.models[0].clashes = 2;
        shape.models[1].clashes = 1;
        EXPECT_EQ(clashing.enter(ask(b), shape, start).kind, Entry::Kind::waiting);
    }
}

TEST(AdmissionQueue, MakesRoomForAnotherModelWhenTheTurnEnds)
{
    AdmissionQueue queue({.turn = 10s});
    auto shape = shape_of(Warmth::loaded, Warmth::cold, 11);
    auto runs = queue.enter(ask(a, 1), shape, start).ticket;
    const auto other = queue.enter(ask(b, 2), shape, start).ticket;
    auto now = start;
    for (int i = 0; i < 60 && runs != other; ++i) {
        (void)queue.enter(ask(a, 1), shape, now);
        (void)queue.enter(ask(a, 1), shape, now);
        now += 1s;
        shape.models[0].used_at = now;
        queue.leave(runs);
        const auto called = admitted(queue.next(shape, now));
        ASSERT_EQ(called.size(), 1U);
        runs = called.front();
    }
    EXPECT_EQ(runs, other);
    EXPECT_GE(now, start + 10s);
    EXPECT_LE(now, start + 11s);
    // And then the others wait for theirs, although they are many.
    begin_load(shape, b, {}, now);
    EXPECT_TRUE(queue.next(shape, now).empty());
    queue.leave(runs);
    shape.models[1].warmth = Warmth::loaded;
    shape.models[1].used_at = now;
    EXPECT_FALSE(queue.next(shape, now + 10s).empty());
}

TEST(AdmissionQueue, PutsBatchOfOneModelBehindPeopleOfAnother)
{
    AdmissionQueue queue({.turn = 60s, .linger = 0.5});
    auto shape = shape_of(Warmth::loaded, Warmth::cold, 11);
    auto runs = queue.enter(ask(a, 1, Priority::batch), shape, start).ticket;
    (void)queue.enter(ask(a, 1, Priority::batch), shape, start);
    const auto person = queue.enter(ask(b, 2), shape, start).ticket;
    queue.leave(runs);
    EXPECT_EQ(admitted(queue.next(shape, start + 2s)), std::vector{person});
}

TEST(AdmissionQueue, NamesWhatIsWaitedFor)
{
    EXPECT_EQ(name(Held::nothing), "nothing");
    EXPECT_EQ(name(Held::slots), "slots");
    EXPECT_EQ(name(Held::memory), "memory");
    EXPECT_EQ(name(Held::turn), "turn");
}

}  // namespace
}  // namespace spillway::engine
