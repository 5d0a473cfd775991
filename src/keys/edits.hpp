#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "spillway/keys/catalog.hpp"

namespace spillway::keys {

/// Copies of records that one call changes together; each becomes one change at most.
template <class R>
class Edits {
public:
    /// The record as it is to be; null when there is none.
    R* find(const std::string& id, const Catalog::Found<R>& stored)
    {
        if (const auto found = records_.find(id); found != records_.end())
            return &found->second;
        return stored ? &records_.emplace(id, *stored).first->second : nullptr;
    }
    R& add(std::string id, R record)
    {
        return records_.insert_or_assign(std::move(id), std::move(record)).first->second;
    }
    void append_to(std::vector<Change>& changes) const
    {
        for (const auto& [id, record] : records_)
            changes.push_back(Change::put(record));
    }
    [[nodiscard]] const std::map<std::string, R>& records() const { return records_; }

private:
    std::map<std::string, R> records_;
};

}  // namespace spillway::keys
