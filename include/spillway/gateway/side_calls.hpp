#pragma once

#include <vector>

#include "spillway/net/upstream.hpp"

namespace spillway::gateway {

/// The calls of a shard that run, so that a drain can end them.
class SideCalls {
public:
    void stop() noexcept;
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }

    /// One call on the list, for as long as it lives.
    class Place {
    public:
        Place(SideCalls& list, net::UpstreamCall& call);
        ~Place();
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        SideCalls& list_;
        net::UpstreamCall& call_;
    };

private:
    std::vector<net::UpstreamCall*> running_;
    bool stopped_ = false;
};

}  // namespace spillway::gateway
