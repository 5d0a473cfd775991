#pragma once

#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::gateway {

/// A name that a client chose, as records have it: printable, at most 256 bytes.
[[nodiscard]] std::string recorded_name(std::string_view name);
/// The tags of the key and of the request as a JSON array; empty when there are none.
[[nodiscard]] std::string recorded_tags(const InferenceRequest& request);

/// The record of a request that was dispatched. Pure but for the clock reading it is given.
[[nodiscard]] ledger::SpendRecord make_record(const InferenceRequest& request,
                                              const Outcome& outcome, TimePoint now);

/// The record of a request that was refused before dispatch.
/// `facts` and `routing` are there as far as the request was understood.
[[nodiscard]] ledger::SpendRecord make_refusal(const InferenceRequest& request, const Error& error,
                                               TimePoint now);

/// The record of a request that got the answer of an earlier one: nothing was called, and it cost
/// nothing.
[[nodiscard]] ledger::SpendRecord make_replayed(const InferenceRequest& request,
                                                const chat::KeptAnswer& answer, TimePoint now);

/// Counts the record in the metrics and writes the access log line when it is on.
void publish(const ledger::SpendRecord& record, const Arrival& arrival, const Outcome* outcome,
             Services& services);

}  // namespace spillway::gateway
