#pragma once

#include "spillway/config/fields.hpp"
#include "spillway/config/queue.hpp"
#include "spillway/config/values_queue.hpp"
#include "spillway/config/values_routes.hpp"

/// Our own section `queue`.
namespace spillway::config {

template <class Visitor>
void engine_limits_fields(Visitor& visit, EngineLimits& limits)
{
    visit("slots", limits.slots, Range{1, 4096},
          Doc{"Requests that it works on at once, of each model: OLLAMA_NUM_PARALLEL. Wins over "
              "what the engine tells, and over `max_parallel_requests` of its deployments."});
    visit("memory", limits.memory, Unit::bytes, Range{1, 1e15},
          Doc{"Bytes that models may take there side by side; else it is learned."});
}

template <class Visitor>
void queue_fields(Visitor& visit, Queue& queue)
{
    visit("patience", queue.patience, Range{0, 3600},
          Doc{"How long a request may wait for its first token before another place is better. "
              "Rules may have their own."});
    visit("overflow", queue.overflow,
          Doc{"When a request goes to the next place of its chain instead of waiting: `predicted`, "
              "when its first token is expected after `patience`, and sooner elsewhere; "
              "`in_flight`, when the engine has no slot free; `error`, when the queue is full or "
              "the wait was in vain; `never`. Rules may have their own."});
    visit("better_by", queue.better_by, Range{1, 100},
          Doc{"By this factor the next place must be expected sooner."});
    visit("worth_per_second", queue.worth_per_second,
          Doc{"USD that a second sooner may cost; any price when unset."});
    visit("bridge", queue.bridge,
          Doc{"Whether the next place serves while a cold model loads: `beyond_patience`, when the "
              "load takes longer than the patience, or `while_loading`, in any case."});
    visit("size", queue.size, Range{0, 100'000},
          Doc{"Requests that wait in front of one engine; more are sent on or refused."});
    visit("turn", queue.turn, Range{0.1, 3600},
          Doc{"How long a model that keeps others out is served before one that waits is loaded."});
    visit("batch_ages", queue.batch_ages, Range{0.1, 86'400},
          Doc{"A batch request that waited so long counts as an interactive one."});
    visit(
        "comment_after", queue.comment_after, Range{0.1, 3600},
        Doc{"A stream that waits so long for a local engine gets its head, and from then on every "
            "five seconds an SSE comment that says where it stands. It may be served elsewhere "
            "all the same; if everybody fails, the error is an event of the stream."});
    visit("engines", queue.engines,
          Doc{"What engines can do and do not tell: a map of `host:port` to `slots` and "
              "`memory`."});
}

}  // namespace spillway::config
