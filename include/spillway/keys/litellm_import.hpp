#pragma once

#include <map>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/keys/catalog.hpp"
#include "spillway/keys/litellm_tables.hpp"
#include "spillway/keys/model_names.hpp"

/// LiteLLM's rows as records of ours, and what taking them over would change. Nothing waits.
namespace spillway::keys::litellm {

/// Something that is not taken over.
struct LeftOut {
    std::string what;  ///< "key sk-...abcd"
    std::string why;
};

/// The records that rows say.
struct Imported {
    std::vector<Record> records;
    std::vector<LeftOut> left_out;
    /// Fields that are kept and do nothing here, with how many records have them.
    std::map<std::string, std::size_t> without_effect;
};

/// @param now  What was spent so far was spent by then.
/// @return `invalid_request` naming table, column and row of a value that cannot be read.
[[nodiscard]] Result<Imported> records_of(const Tables& tables, WallTime now);

/// How many records of one kind are what.
struct Counts {
    std::size_t added = 0;
    std::size_t same = 0;
    std::size_t changed = 0;
};

/// What taking them over means beside what is there.
struct Plan {
    std::map<Kind, Counts> counts;
    std::vector<LeftOut> left_out;
    std::map<std::string, std::size_t> without_effect;
    std::map<std::string, std::size_t>
        unserved;  ///< Models that nobody serves, with their records.
    std::vector<Change> changes;
};

/// A record that is there already keeps what only this side knows: the keys that a regenerated one
/// had, and when its imported spend began. What is not among the imported stays.
[[nodiscard]] Plan plan_import(Imported imported, const Catalog& catalog, const ModelNames& served,
                               WallTime now);

}  // namespace spillway::keys::litellm
