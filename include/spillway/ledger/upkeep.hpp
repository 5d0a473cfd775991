#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"

namespace spillway::ledger {

/// What may be taken out of a ledger by age.
struct RetentionRule {
    std::optional<std::chrono::seconds> keep;  ///< Older records go; empty: all stay.
    std::chrono::seconds interval{3'600};      ///< How often it is looked for such.
    /// What PostgreSQL has not confirmed stays.
    enum class Outbox : std::uint8_t { none, must_be_empty } outbox = Outbox::none;
    /// Records that started here or later are needed, whatever their age: a budget's current period
    /// is summed from them. Any thread. Empty: none are.
    std::function<WallTime(WallTime now)> needed_from;
};

/// What is done to a ledger beside its appends, a little at a time: the sums by day follow the
/// records (docs/adr/0034), and records go when they are too old, as rows whose sums stay. Its own
/// connection; one thread at a time. The writers' lock is held for a millisecond or so.
class Upkeep {
public:
    Upkeep(std::string ledger_path, RetentionRule rule);
    ~Upkeep();

    enum class Left : std::uint8_t { nothing, more };
    /// Works for some tens of milliseconds. What fails is said in the log, once, and tried again by
    /// the next call.
    Left work(WallTime now);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
