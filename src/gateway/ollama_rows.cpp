#include "ollama_rows.hpp"

#include <algorithm>
#include <span>

#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"

namespace spillway::gateway {
namespace {

bool same_engine(const Upstream& a, const Upstream& b)
{
    return a.ollama && b.ollama && a.origin == b.origin &&
           a.ollama->base_path == b.ollama->base_path;
}

}  // namespace

void bound_window(config::Deployment& deployment, const Upstream& upstream)
{
    if (!upstream.ollama || !upstream.ollama->window)
        return;
    auto& most = deployment.max_input_tokens;
    most = most ? std::min(*most, *upstream.ollama->window) : *upstream.ollama->window;
}

void agree_on_windows(std::vector<Upstream>& upstreams, const Snapshot* previous)
{
    const std::span<const Upstream> before = previous != nullptr
                                                 ? std::span<const Upstream>(previous->upstreams)
                                                 : std::span<const Upstream>();
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
        auto& mine = upstreams[i];
        if (!mine.ollama)
            continue;
        for (std::size_t j = 0; j < i; ++j) {
            auto& other = upstreams[j];
            if (!same_engine(mine, other))
                continue;
            mine.ollama->windows = other.ollama->windows;
            auto& a = mine.ollama->window;
            auto& b = other.ollama->window;
            if (tagged(mine.model) != tagged(other.model) || a == b)
                continue;
            if (a && b)
                SPILLWAY_WARN(
                    "deployments {} and {} give the model \"{}\" of one Ollama different "
                    "windows; the larger one holds",
                    other.id, mine.id, printable(mine.model));
            a = b = std::max(a.value_or(Tokens{0}), b.value_or(Tokens{0}));
        }
        const auto old = std::find_if(before.begin(), before.end(), [&](const Upstream& upstream) {
            return same_engine(upstream, mine);
        });
        if (!mine.ollama->windows)
            mine.ollama->windows =
                old != before.end() ? old->ollama->windows : std::make_shared<ChosenWindows>();
    }
}

}  // namespace spillway::gateway
