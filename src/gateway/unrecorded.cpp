#include "spillway/gateway/unrecorded.hpp"

#include <utility>

#include "spillway/dialect/openai_reply.hpp"
#include "spillway/route/limits.hpp"

namespace spillway::gateway {
namespace {

/// The end of an answer that could not be recorded.
Parting without_record(Parting parting, const Error& error)
{
    if (std::holds_alternative<Nothing>(parting))
        return parting;
    if (std::holds_alternative<StreamEnd>(parting))
        return StreamEnd{dialect::error_event(error)};
    return ErrorReply{error, describe(error.code()).status};
}

}  // namespace

bool only_free_work(const Services& services)
{
    return !services.settlements.healthy() &&
           services.snapshot->config.ledger.on_failure == config::OnFailure::refuse_priced;
}

Error no_ledger()
{
    return Error(Errc::ledger_unavailable,
                 "The spend ledger cannot be written (disk full or failing); requests that cost "
                 "money are refused until it can.")
        .retry_in(Millis{5'000});
}

void blame_ledger(Outcome& outcome, const Services& services)
{
    auto* told = std::get_if<ErrorReply>(&outcome.parting);
    const bool nobody_asked = outcome.failures.empty() && !outcome.served_by;
    if (told == nullptr || !nobody_asked || !only_free_work(services))
        return;
    outcome.error = Errc::ledger_unavailable;
    *told = ErrorReply{no_ledger(), describe(Errc::ledger_unavailable).status};
}

bool may_go_unrecorded(const InferenceRequest& request, const Outcome& outcome)
{
    const auto& snapshot = *request.arrival.snapshot;
    if (snapshot.config.ledger.on_failure == config::OnFailure::serve || !outcome.served_by)
        return true;
    const auto& deployment = snapshot.table[outcome.served_by->deployment];
    return route::worst_cost(deployment, Tokens{1}, Tokens{1}, {}) == NanoUsd{0};
}

Parting part_without_record(const InferenceRequest& request, Outcome& outcome,
                            ledger::SpendRecord& record, const Error& error, Services& services)
{
    auto parting = std::move(outcome.parting);
    if (!may_go_unrecorded(request, outcome)) {
        parting = without_record(std::move(parting), error);
        if (const auto* told = std::get_if<ErrorReply>(&parting)) {
            record.outcome = ledger::Outcome::refused;
            record.status = told->status;
        } else if (std::holds_alternative<StreamEnd>(parting)) {
            record.outcome = ledger::Outcome::broken;
        }
        record.error = describe(error.code()).name;
    }
    services.settlements.defer(record);
    return parting;
}

}  // namespace spillway::gateway
