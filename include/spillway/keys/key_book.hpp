#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/keys/catalog.hpp"
#include "spillway/keys/grants.hpp"
#include "spillway/keys/store.hpp"

namespace spillway::keys {

/// Whether what is known of keys is all there is to know.
enum class State : std::uint8_t {
    known,   ///< A key that is not found does not exist.
    unsure,  ///< The shared store is out of reach. Keys that are known are served, never as admin;
             ///< of others nobody can say whether they exist.
    lost,    ///< It has been for too long: of no key can be said whether it still exists.
};

/// The keys in force: catalog and grants of one version, and the one way to change them.
///
/// Changes are committed, then their caps are brought into force, then requests see them: no
/// request is served by a grant whose caps are not held. `apply`, `catch_up` and `follow` wait for
/// the store and the ledger, so they belong on a thread that may wait; they take turns. Everything
/// else is for any thread and waits for nothing but a copied pointer.
class KeyBook {
public:
    /// Brings caps into force (`app::BudgetBook::hold`). Its failure is no reason not to publish:
    /// windows whose past is not known let nothing through.
    using Hold = std::function<Result<void>(std::span<const chat::ScopeBudget>)>;

    /// What is in force at one moment.
    struct Edition {
        Catalog catalog;
        Grants grants;
    };

    KeyBook(std::unique_ptr<Store> store, Hold hold);
    KeyBook(const KeyBook&) = delete;
    KeyBook& operator=(const KeyBook&) = delete;

    /// Reads everything. Before the first request.
    [[nodiscard]] Result<void> load(Defaults defaults);
    /// Brings into force what the store said in an earlier life of this process, where `load` could
    /// not ask it. Before the first request.
    [[nodiscard]] Result<void> recall(Store::Contents contents, Defaults defaults);
    /// Commits the changes and brings them into force.
    /// @return The edition with them; `changed_meanwhile` when a record is not what it was read as:
    ///         what others wrote is in force then, so a second look tells.
    [[nodiscard]] Result<std::shared_ptr<const Edition>> apply(std::vector<Change> changes);
    /// Brings into force what others wrote to the store.
    [[nodiscard]] Result<void> catch_up();
    /// The configuration says something else about records that say nothing.
    void follow(Defaults defaults);

    [[nodiscard]] std::shared_ptr<const Edition> now() const;
    /// Counts the editions, so that a reader knows without the lock whether there is a new one.
    [[nodiscard]] std::uint64_t number() const noexcept
    {
        return number_.load(std::memory_order_acquire);
    }

    void set_state(State state) noexcept { state_.store(state, std::memory_order_release); }
    [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }

private:
    [[nodiscard]] Result<void> take_over(Store::Contents contents);
    void bring(Catalog after, std::span<const Change> changes);
    void say_missing_budget(const Catalog& catalog);

    const std::unique_ptr<Store> store_;
    const Hold hold_;
    std::mutex writing_;  ///< Of those who change; the next two are theirs.
    Defaults defaults_;
    std::string missing_budget_;  ///< `defaults_.end_user_budget`, where it was said to be missing.
    mutable std::mutex mutex_;    ///< Of `edition_`.
    std::shared_ptr<const Edition> edition_;
    std::atomic<std::uint64_t> number_{0};
    std::atomic<State> state_{State::known};
};

/// One shard's look at the book: asks for the lock only when there is a new edition. For one
/// thread; the book outlives it. Without a book there are no keys.
class KeyReader {
public:
    KeyReader() = default;
    explicit KeyReader(const KeyBook& book) : book_(&book) {}

    /// The newest edition; stays valid until the next call.
    [[nodiscard]] const std::shared_ptr<const KeyBook::Edition>& now();
    [[nodiscard]] State state() const noexcept
    {
        return book_ != nullptr ? book_->state() : State::known;
    }

private:
    const KeyBook* book_ = nullptr;
    std::uint64_t number_ = 0;
    std::shared_ptr<const KeyBook::Edition> edition_;
};

}  // namespace spillway::keys
