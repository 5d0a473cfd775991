#include "spillway/guard/replays.hpp"

#include <algorithm>
#include <utility>

namespace spillway::guard {

Replays::Lead::~Lead()
{
    if (replays_ != nullptr)
        replays_->pass_on(key_, ticket_);
}

std::vector<std::string> Replays::Lead::keep(const chat::KeptAnswerPtr& answer, WallTime now,
                                             const ReplayLimits& limits)
{
    auto* const replays = std::exchange(replays_, nullptr);
    std::deque<Follower> followers;
    std::vector<std::string> gone;
    {
        const std::scoped_lock lock(replays->mutex_);
        auto& entry = replays->entries_.at(key_);
        followers.swap(entry.followers);
        entry.leader = 0;
        entry.answer = answer;
        replays->note_kept(key_, entry, now, answer->bytes());
        gone = replays->make_room(now, limits);
    }
    for (const auto& follower : followers)
        follower.wake(answer);
    return gone;
}

void Replays::Lead::share(const chat::KeptAnswerPtr& answer)
{
    auto* const replays = std::exchange(replays_, nullptr);
    std::deque<Follower> followers;
    {
        const std::scoped_lock lock(replays->mutex_);
        const auto entry = replays->entries_.find(key_);
        followers.swap(entry->second.followers);
        replays->entries_.erase(entry);
    }
    for (const auto& follower : followers)
        follower.wake(answer);
}

Replays::Decision Replays::ask(const std::string& key, const std::string& request, Wake wake,
                               WallTime now, Millis max_age)
{
    const std::scoped_lock lock(mutex_);
    auto known = entries_.find(key);
    if (known != entries_.end() && known->second.leader == 0 &&
        now - known->second.since >= max_age) {
        forget(known);
        known = entries_.end();
    }
    if (known == entries_.end()) {
        auto& entry = entries_[key];
        entry.request = request;
        entry.leader = ++tickets_;
        return Lead(*this, key, entry.leader);
    }
    auto& entry = known->second;
    if (entry.request != request)
        return Conflict{};
    if (entry.leader == 0)
        return Kept{entry.answer};
    entry.followers.push_back({++tickets_, std::move(wake)});
    return Follows{tickets_};
}

void Replays::leave(const std::string& key, std::uint64_t ticket)
{
    {
        const std::scoped_lock lock(mutex_);
        const auto known = entries_.find(key);
        if (known == entries_.end())
            return;
        auto& followers = known->second.followers;
        std::erase_if(followers, [ticket](const auto& each) { return each.ticket == ticket; });
        if (known->second.leader != ticket)
            return;
    }
    pass_on(key, ticket);
}

/// The leader ends without an answer.
void Replays::pass_on(const std::string& key, std::uint64_t ticket)
{
    Wake next;
    {
        const std::scoped_lock lock(mutex_);
        const auto known = entries_.find(key);
        if (known == entries_.end() || known->second.leader != ticket)
            return;
        auto& entry = known->second;
        if (entry.followers.empty()) {
            entries_.erase(known);
            return;
        }
        entry.leader = entry.followers.front().ticket;
        next = std::move(entry.followers.front().wake);
        entry.followers.pop_front();
    }
    next(nullptr);
}

void Replays::note_kept(const std::string& key, Entry& entry, WallTime since, std::size_t bytes)
{
    entry.since = since;
    entry.bytes = bytes;
    kept_bytes_ += bytes;
    entry.place = kept_.insert(kept_.end(), key);
}

void Replays::forget(Entries::iterator entry)
{
    kept_bytes_ -= entry->second.bytes;
    kept_.erase(entry->second.place);
    entries_.erase(entry);
}

std::vector<std::string> Replays::make_room(WallTime now, const ReplayLimits& limits)
{
    std::vector<std::string> gone;
    while (!kept_.empty()) {
        const auto oldest = entries_.find(kept_.front());
        const bool old = now - oldest->second.since >= limits.max_age;
        if (!old && kept_bytes_ <= limits.most_bytes && kept_.size() <= limits.most_answers)
            break;
        gone.push_back(oldest->first);
        forget(oldest);
    }
    return gone;
}

void Replays::restore(const std::string& key, std::string request, WallTime since,
                      std::size_t bytes)
{
    const std::scoped_lock lock(mutex_);
    const auto [entry, fresh] = entries_.try_emplace(key);
    if (!fresh)
        return;
    entry->second.request = std::move(request);
    note_kept(key, entry->second, since, bytes);
}

void Replays::written(const std::string& key)
{
    const std::scoped_lock lock(mutex_);
    const auto known = entries_.find(key);
    if (known != entries_.end() && known->second.leader == 0)
        known->second.answer.reset();
}

void Replays::lost(const std::string& key)
{
    const std::scoped_lock lock(mutex_);
    const auto known = entries_.find(key);
    if (known != entries_.end() && known->second.leader == 0 && known->second.answer == nullptr)
        forget(known);
}

std::size_t Replays::size() const
{
    const std::scoped_lock lock(mutex_);
    return entries_.size();
}

std::size_t Replays::bytes() const
{
    const std::scoped_lock lock(mutex_);
    return kept_bytes_;
}

}  // namespace spillway::guard
