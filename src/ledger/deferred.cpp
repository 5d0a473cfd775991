#include "deferred.hpp"

#include <algorithm>
#include <iterator>

namespace spillway::ledger {
namespace {

/// Roughly what a record takes up.
std::size_t bytes_of(const SpendRecord& record)
{
    std::size_t bytes = sizeof(SpendRecord);
    for (const auto* text :
         {&record.call_type, &record.key_hash, &record.team_id, &record.user_id, &record.end_user,
          &record.tags, &record.asked_model, &record.group, &record.deployment_id, &record.provider,
          &record.upstream_model, &record.api_base, &record.error, &record.why, &record.engine})
        bytes += text->size();
    if (record.routing)
        bytes +=
            sizeof(RouteTaken) + record.routing->reason.size() + record.routing->features.size();
    return bytes;
}

}  // namespace

bool DeferredRecords::add(const SpendRecord& record)
{
    const auto more = bytes_of(record);
    if (bytes_ + more > most_bytes)
        return false;
    bytes_ += more;
    records_.push_back(record);
    return true;
}

std::vector<SpendRecord> DeferredRecords::take(std::size_t count)
{
    const auto end =
        records_.begin() + static_cast<std::ptrdiff_t>(std::min(count, records_.size()));
    std::vector<SpendRecord> taken(std::make_move_iterator(records_.begin()),
                                   std::make_move_iterator(end));
    records_.erase(records_.begin(), end);
    for (const auto& record : taken)
        bytes_ -= bytes_of(record);
    return taken;
}

void DeferredRecords::put_back(std::vector<SpendRecord> records)
{
    for (const auto& record : records)
        bytes_ += bytes_of(record);
    records_.insert(records_.begin(), std::make_move_iterator(records.begin()),
                    std::make_move_iterator(records.end()));
}

}  // namespace spillway::ledger
