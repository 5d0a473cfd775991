#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/ledger/comparison.hpp"

namespace spillway::ledger {

/// Writes what shadows teach beside the records: comparisons, and how counts of tokens are to be
/// corrected. On a thread of its own, which begins with the first thing to write, and a connection
/// of its own, because none of it may hold up a record. What is lost with the power is lost. Once
/// an hour texts that have expired are removed. Any thread.
class ComparisonWriter {
public:
    explicit ComparisonWriter(std::string ledger_path);
    ~ComparisonWriter();  ///< Writes what waits, then stops.

    /// @return False when too many wait: the comparison is dropped.
    [[nodiscard]] bool write(Comparison comparison);
    /// Corrections by the upstream's name of the model; those of models that are not named stay.
    void write_calibrations(std::map<std::string, std::string> rows);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// The corrections that were written last; none when the ledger cannot be read.
[[nodiscard]] std::map<std::string, std::string> read_calibrations(const std::string& ledger_path);

}  // namespace spillway::ledger
