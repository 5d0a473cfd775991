#include "spillway/guard/conversations.hpp"

#include <algorithm>
#include <string_view>

namespace spillway::guard {
namespace {

constexpr std::chrono::minutes memory{10};

std::uint64_t hash_of(std::string_view name)
{
    return std::hash<std::string_view>{}(name);
}

/// One number for both; a conversation may have a different server in each group.
std::uint64_t key_of(std::uint64_t conversation, std::string_view group)
{
    std::uint64_t mixed = conversation ^ (hash_of(group) + 0x9E37'79B9'7F4A'7C15U);
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    return mixed ^ (mixed >> 31U);
}

}  // namespace

std::optional<DeploymentIndex> Conversations::last(std::uint64_t conversation,
                                                   const route::RoutingTable& table,
                                                   GroupIndex group, TimePoint now) const
{
    if (conversation == 0) {
        return std::nullopt;
    }
    const auto key = key_of(conversation, table[group].name);
    std::uint64_t wanted = 0;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = by_key_.find(key);
        if (found == by_key_.end() || now - found->second->when >= memory) {
            return std::nullopt;
        }
        wanted = found->second->deployment;
    }
    const auto& members = table[group].members;
    const auto member = std::find_if(
        members.begin(), members.end(),
        [&](DeploymentIndex candidate) { return hash_of(table[candidate].id) == wanted; });
    return member == members.end() ? std::nullopt : std::optional(*member);
}

void Conversations::served(std::uint64_t conversation, const route::RoutingTable& table,
                           GroupIndex group, DeploymentIndex deployment, TimePoint now)
{
    if (conversation == 0 || most_ == 0) {
        return;
    }
    const Seen newest{key_of(conversation, table[group].name), hash_of(table[deployment].id), now};
    const std::scoped_lock lock(mutex_);
    const auto found = by_key_.find(newest.key);
    if (found != by_key_.end()) {
        *found->second = newest;
        seen_.splice(seen_.begin(), seen_, found->second);
        return;
    }
    if (seen_.size() == most_) {
        // The oldest one's room serves the newest: nothing is allocated for the list.
        by_key_.erase(seen_.back().key);
        seen_.back() = newest;
        seen_.splice(seen_.begin(), seen_, std::prev(seen_.end()));
    } else {
        seen_.push_front(newest);
    }
    by_key_.emplace(newest.key, seen_.begin());
}

std::size_t Conversations::size() const
{
    const std::scoped_lock lock(mutex_);
    return seen_.size();
}

}  // namespace spillway::guard
