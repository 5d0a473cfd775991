#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/ledger/comparison.hpp"

namespace spillway::ledger {

/// The comparisons of a ledger, for `spillway learn` and `spillway review`; the daemon may be
/// running.
class Comparisons {
public:
    enum class Texts : std::uint8_t { leave, read };

    /// @return `bad_config` for what is no ledger, or one of before there were comparisons.
    [[nodiscard]] static Result<Comparisons> open(const std::string& ledger_path);
    Comparisons(Comparisons&&) noexcept;
    ~Comparisons();

    /// Calls `see` with every comparison of `route` (empty: of all) since `since`, oldest first,
    /// with the label that is believed most.
    [[nodiscard]] Result<void> each(WallTime since, const std::string& route, Texts texts,
                                    const std::function<void(Comparison&&)>& see);

    /// Adds a label, or replaces the one that the same judge gave.
    [[nodiscard]] Result<void> set_label(std::int64_t comparison, const ComparisonLabel& label,
                                         WallTime now);

private:
    struct Parts;
    explicit Comparisons(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// What shadows and their judges cost since `from`, by route.
[[nodiscard]] Result<std::map<std::string, NanoUsd>> shadow_spend(const std::string& ledger_path,
                                                                  WallTime from);

}  // namespace spillway::ledger
