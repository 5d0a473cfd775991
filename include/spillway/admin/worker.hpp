#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"

namespace spillway::admin {

/// One thread that does for the shards what they must not wait for. At most so many jobs wait;
/// beyond that they are refused.
class Worker {
public:
    /// Blocking; runs on the worker's thread.
    using Job = std::function<Result<std::string>()>;

    /// @param busy  What is said to who comes when too many wait.
    Worker(std::size_t most_waiting, std::string busy);
    /// Ends the thread after the job it is at; those that wait are never answered, so the shards
    /// must have stopped.
    ~Worker();

    /// Ends the thread in the same way; who asks from now on is told so. Not from two threads.
    void finish();

    /// Asks from `shard`'s thread and resumes there. The worker outlives the task.
    /// @return What the job gives, `overloaded` when too many wait, or `draining` after the end.
    [[nodiscard]] net::Task<Result<std::string>> ask(net::Shard& shard, Job job);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::admin
