#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "spillway/ledger/spend_record.hpp"

namespace spillway::ledger {

/// Records that wait in memory for a disk that does not take them. Bounded by bytes: a disk that
/// fails for days must not fill the memory. Not synchronised.
class DeferredRecords {
public:
    static constexpr std::size_t most_bytes = std::size_t{64} << 20;

    /// False when there is no room.
    [[nodiscard]] bool add(const SpendRecord& record);
    /// The oldest ones, at most `count`; they do not wait any more.
    [[nodiscard]] std::vector<SpendRecord> take(std::size_t count);
    /// Puts back what was taken, in front.
    void put_back(std::vector<SpendRecord> records);
    [[nodiscard]] std::size_t size() const { return records_.size(); }

private:
    std::deque<SpendRecord> records_;
    std::size_t bytes_ = 0;
};

}  // namespace spillway::ledger
