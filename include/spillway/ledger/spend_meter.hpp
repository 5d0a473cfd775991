#pragma once

#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"

namespace spillway::ledger {

/// What was spent since a moment. Asked again about the same moment it reads only what was written
/// since. Blocking, on a connection of its own; one thread.
class SpendMeter {
public:
    /// Opens the ledger at the first question, and again when it was set aside and begun anew.
    explicit SpendMeter(std::string ledger_path);
    ~SpendMeter();

    /// The sum of all known costs of requests that started at `from` or later. What has no known
    /// cost is not in it.
    [[nodiscard]] Result<NanoUsd> since(WallTime from);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
