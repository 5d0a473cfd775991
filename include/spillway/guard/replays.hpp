#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/kept_answer.hpp"

namespace spillway::guard {

/// What is kept, and for how long.
struct ReplayLimits {
    Millis max_age{};
    std::size_t most_bytes = 0;
    std::size_t most_answers = 0;
};

/// Requests that are the same, by what makes them so: the first that asks leads, the others follow
/// and get its answer. A key is absent, running, or kept.
///
///     absent --ask--> running (leads) --answered--> kept, or absent when it is not to be kept
///     running --ask--> (follows); when the leader fails, the oldest follower leads
///     kept --ask--> (gets the answer); absent again when it is too old, or others need the room
///
/// The same key with another request is a conflict as long as it is not absent. Safe from any
/// thread: one short lock. Bounded by the requests that run and by `ReplayLimits`.
class Replays {
public:
    /// Called once, on any thread, without the lock: with the answer, or with null when the
    /// follower leads now. Never after `leave`.
    using Wake = std::function<void(chat::KeptAnswerPtr)>;

    /// Leads its key until it is answered; when it dies before, the next follower leads. Move only.
    class Lead {
    public:
        Lead(Replays& replays, std::string key, std::uint64_t ticket)
            : replays_(&replays), key_(std::move(key)), ticket_(ticket)
        {}
        Lead(Lead&& other) noexcept
            : replays_(std::exchange(other.replays_, nullptr)),
              key_(std::move(other.key_)),
              ticket_(other.ticket_)
        {}
        Lead& operator=(Lead&&) = delete;
        ~Lead();

        [[nodiscard]] const std::string& key() const { return key_; }
        /// Gives the answer to all who follow, and keeps it.
        /// @return Keys whose answers had to go; for whoever has them on disk.
        std::vector<std::string> keep(const chat::KeptAnswerPtr& answer, WallTime now,
                                      const ReplayLimits& limits);
        /// Gives the answer to all who follow, and nobody else.
        void share(const chat::KeptAnswerPtr& answer);

    private:
        Replays* replays_;
        std::string key_;
        std::uint64_t ticket_;
    };
    struct Follows {
        std::uint64_t ticket;
    };
    struct Kept {
        chat::KeptAnswerPtr answer;  ///< Null: it is on disk only.
    };
    struct Conflict {};
    using Decision = std::variant<Lead, Follows, Kept, Conflict>;

    /// @param key      What makes requests the same: a digest.
    /// @param request  Digest of the request itself.
    /// @param wake     Kept when the decision is `Follows`.
    [[nodiscard]] Decision ask(const std::string& key, const std::string& request, Wake wake,
                               WallTime now, Millis max_age);
    /// A follower goes: it is not woken any more. If it leads by now, the next one does.
    void leave(const std::string& key, std::uint64_t ticket);

    /// An answer that is on disk from before.
    void restore(const std::string& key, std::string request, WallTime since, std::size_t bytes);
    /// The disk has the answer: memory need not.
    void written(const std::string& key);
    /// The disk cannot give the answer any more.
    void lost(const std::string& key);

    /// Keys that are running or kept; bytes that are kept.
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Follower {
        std::uint64_t ticket;
        Wake wake;
    };
    struct Entry {
        std::string request;
        std::uint64_t leader = 0;  ///< 0: the answer is kept.
        std::deque<Follower> followers;
        chat::KeptAnswerPtr answer;
        WallTime since{};
        std::size_t bytes = 0;
        std::list<std::string>::iterator place;  ///< When kept.
    };
    using Entries = std::unordered_map<std::string, Entry>;

    void pass_on(const std::string& key, std::uint64_t ticket);
    void forget(Entries::iterator entry);
    void note_kept(const std::string& key, Entry& entry, WallTime since, std::size_t bytes);
    std::vector<std::string> make_room(WallTime now, const ReplayLimits& limits);

    mutable std::mutex mutex_;
    Entries entries_;
    std::list<std::string> kept_;  ///< Keys; the oldest first.
    std::size_t kept_bytes_ = 0;
    std::uint64_t tickets_ = 0;
};

}  // namespace spillway::guard
