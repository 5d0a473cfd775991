#include "spillway/app/lane.hpp"

#include <pthread.h>

#include "spillway/base/heap_cache.hpp"

namespace spillway::app {

namespace {

net::UpstreamPool::Limits pool_limits(const config::Upstream& upstream)
{
    net::UpstreamPool::Limits limits;
    limits.idle_per_origin = upstream.max_idle_per_origin;
    limits.keepalive = upstream.keepalive;
    limits.allow_link_local = upstream.allow_link_local;
    return limits;
}

}  // namespace

Lane::Lane(const LaneParts& parts, const Edition& edition)
    : settlements_(shard_, parts.writer, parts.metrics),
      services_{.shard = shard_,
                .snapshot = edition.snapshot,
                .metrics = parts.metrics,
                .shared = parts.shared,
                .settlements = settlements_,
                .budgets = parts.budgets,
                .open_calls = parts.open_calls,
                .clock = parts.clock,
                .comparisons = parts.comparisons,
                .keys = keys::KeyReader(parts.keys)},
      desk_{.shard = shard_,
            .metrics = parts.metrics,
            .archive = parts.archive,
            .keys = parts.key_desk,
            .vitals = parts.vitals,
            .view = edition.view}
{
    shard_.upstreams().configure(pool_limits(edition.snapshot->config.upstream));
}

Lane::~Lane()
{
    stop();
}

void Lane::start(std::size_t number)
{
    thread_ = std::thread([this] {
        const HeapCache::Use cache;
        shard_.run();
    });
    pthread_setname_np(thread_.native_handle(), ("shard-" + std::to_string(number)).c_str());
}

void Lane::publish(const Edition& edition)
{
    shard_.post([this, edition] {
        services_.snapshot = edition.snapshot;
        desk_.view = edition.view;
        shard_.upstreams().configure(pool_limits(edition.snapshot->config.upstream));
    });
}

void Lane::stop()
{
    if (!thread_.joinable())
        return;
    shard_.stop();
    thread_.join();
}

}  // namespace spillway::app
