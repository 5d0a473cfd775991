#pragma once

#include "spillway/base/result.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/ledger/spend_record.hpp"

/// What goes on while the ledger cannot be written (`ledger.on_failure`, docs/adr/0035).
namespace spillway::gateway {

/// Must new requests go without what costs money, because it could not be written down?
[[nodiscard]] bool only_free_work(const Services& services);

/// Why a request is refused that could only be served for money.
[[nodiscard]] Error no_ledger();

/// Names the ledger as the reason why nobody was asked: what the chain could go on to costs money.
void blame_ledger(Outcome& outcome, const Services& services);

/// May the answer be given although its record waits in memory? When it cost nothing, or always
/// when the configuration says so.
[[nodiscard]] bool may_go_unrecorded(const InferenceRequest& request, const Outcome& outcome);

/// What the client gets when its record was not committed. The record waits for the disk in any
/// case: what was spent was spent.
[[nodiscard]] Parting part_without_record(const InferenceRequest& request, Outcome& outcome,
                                          ledger::SpendRecord& record, const Error& error,
                                          Services& services);

}  // namespace spillway::gateway
