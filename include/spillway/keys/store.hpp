#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/keys/records.hpp"

namespace spillway::keys {

/// One row of `spillway_keys_record`: a record as a document, or the mark that it was removed.
struct Row {
    Kind kind{};
    std::string id;
    Version version = 0;
    std::optional<std::string> body;  ///< JSON (`encode`); empty: removed.
};

/// What one row becomes.
struct Write {
    Kind kind{};
    std::string id;
    Version read = 0;                 ///< It must have this version now; 0: it must not be there.
    std::optional<std::string> body;  ///< Empty: it is removed.
};

/// Keeps the records of keys as rows (kind, id, version, body). Blocking; `KeyBook` calls it from
/// one thread at a time.
class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    struct Contents {
        Version version = 0;  ///< Of the newest commit that is in it.
        std::vector<Row> rows;
        /// `all`: what is not among the rows is not there. Also a store's answer to a question
        /// about changes that it remembers no longer.
        enum class Extent : std::uint8_t { all, changes } extent = Extent::all;
    };
    /// All rows but removed ones.
    /// @return `io_error` or `ledger_unavailable` of a file, `database_unavailable` of a database.
    [[nodiscard]] virtual Result<Contents> load() = 0;
    /// The rows whose version is above `version`, removed ones too. Cheap when there is none.
    [[nodiscard]] virtual Result<Contents> changed_since(Version version) = 0;
    /// Writes all of them durably under one new version, or none.
    /// @return The version; `changed_meanwhile` when a row has another version than `read`. An
    ///         answer that was lost on the way is an error although the rows may be written: the
    ///         next `changed_since` tells.
    [[nodiscard]] virtual Result<Version> commit(std::span<const Write> writes) = 0;
};

}  // namespace spillway::keys
