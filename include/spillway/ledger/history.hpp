#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::ledger {

/// The records of a ledger in the order in which they were written, a page at a time: whatever its
/// size, little memory, and no reading that would keep a daemon from folding its log. Read only;
/// the daemon may be running.
class History {
public:
    /// @return `bad_config` for what is no ledger, or one of before there were routes.
    [[nodiscard]] static Result<History> open(const std::string& ledger_path);
    History(History&&) noexcept;
    ~History();

    /// Calls `see` with every record that started at `since` or later.
    [[nodiscard]] Result<void> each(WallTime since,
                                    const std::function<void(const SpendRecord&)>& see);
    /// The same, but only those that started before `until`.
    [[nodiscard]] Result<void> each(WallTime since, std::optional<WallTime> until,
                                    const std::function<void(const SpendRecord&)>& see);

private:
    struct Parts;
    explicit History(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
