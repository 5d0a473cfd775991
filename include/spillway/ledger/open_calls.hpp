#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/ids.hpp"
#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/config/config.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/ledger/store.hpp"

namespace spillway::ledger {

/// What is known of a priced call before it is made. Views are read during the call only.
struct CallNote {
    RequestId id;
    std::uint32_t attempt = 1;  ///< Of two notes of one request the later one holds.
    WallTime started{};
    WallTime charged_at{};
    NanoUsd amount{};  ///< What was reserved.
    std::string_view call_type, key_hash, team_id, user_id, end_user, tags, asked_model, group,
        deployment_id, provider, upstream_model, api_base;
};

/// The priced calls under way, in a file beside the ledger (`spillway.db-open`), so that a process
/// that is killed finds them again.
///
/// One page per call, mapped and shared: a note costs no system call, and the kernel keeps it
/// whatever ends the process. The disk's room is allocated before it is written, so a full disk is
/// an error here and never a signal. With `Durability::power` a note is synced. Any thread.
class OpenCalls {
public:
    /// Opens or creates; what an earlier process left is in `left`. Call it when `Store` holds the
    /// ledger's lock.
    /// @param most  Calls under way at once; beyond them `note` fails.
    [[nodiscard]] static Result<std::unique_ptr<OpenCalls>> open(const std::string& ledger_path,
                                                                 std::size_t most,
                                                                 config::Durability durability);
    ~OpenCalls();
    OpenCalls(const OpenCalls&) = delete;
    OpenCalls& operator=(const OpenCalls&) = delete;

    using Slot = std::uint32_t;
    /// Writes a call down; it is found again from here on until `clear`.
    /// @return `ledger_unavailable` when the disk is full or too many calls are under way.
    [[nodiscard]] Result<Slot> note(const CallNote& call);
    /// The call is in the ledger, or was never made.
    void clear(Slot slot) noexcept;
    /// The call is over and its record waits for the disk: it stays until `recorded`.
    void keep(Slot slot);
    /// Records that waited are written: their calls are cleared.
    void recorded(std::span<const SpendRecord> records) noexcept;

    /// The calls that an earlier process left, as records: broken, `at_least`, charged what was
    /// reserved.
    [[nodiscard]] const std::vector<SpendRecord>& left() const;
    /// They are in the ledger: forget them.
    void clear_left() noexcept;

private:
    struct Parts;
    explicit OpenCalls(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Records the calls that an earlier process left, but for those whose record it had written.
/// @return How many were recorded.
[[nodiscard]] Result<std::size_t> record_left_calls(OpenCalls& calls, Store& store);

}  // namespace spillway::ledger
