#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/keys/store.hpp"

namespace spillway::keys {

/// A moment that another process can tell the age of.
struct Seen {
    WallTime wall{};
    std::string boot;                ///< Which start of the machine; empty: nobody knows.
    std::chrono::microseconds up{};  ///< Since then, whatever the clock is set to.
    [[nodiscard]] static Seen now();
};
/// @return Empty when the clocks cannot tell: the machine was started anew, and its clock stands
///         before that moment.
[[nodiscard]] std::optional<Millis> age(const Seen& then, const Seen& now);

/// What an instance knew of a shared store when that answered last, kept on its own disk, so that a
/// restart while the store is away finds it. As in a `Store` there are hashes and no keys in it.
/// Blocking; one thread at a time.
class KeyMemory {
public:
    /// In the file of an instance's own keys; it adds two tables.
    [[nodiscard]] static Result<std::unique_ptr<KeyMemory>> open(const std::string& path);
    ~KeyMemory();
    KeyMemory(const KeyMemory&) = delete;
    KeyMemory& operator=(const KeyMemory&) = delete;

    struct Recalled {
        Store::Contents contents;
        Seen seen;
    };
    /// Empty when there is nothing to recall.
    [[nodiscard]] Result<std::optional<Recalled>> recall();
    /// The store said so at that moment: all of it, or what changed since the last time. After a
    /// failure nothing is written any more: what is there stays as true as it was when it was seen.
    void note(const Store::Contents& contents, const Seen& seen);

private:
    struct Parts;
    explicit KeyMemory(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// `shared`, with everything that it says noted in `memory`. Its first answer after a start is a
/// complete one, whatever was asked: what was recalled may be of another database.
/// @param now  Seen now; for tests another one.
[[nodiscard]] std::unique_ptr<Store> make_remembered_store(std::unique_ptr<Store> shared,
                                                           std::unique_ptr<KeyMemory> memory,
                                                           std::function<Seen()> now = Seen::now);

}  // namespace spillway::keys
