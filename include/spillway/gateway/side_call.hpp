#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/chat/request_facts.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/net/task.hpp"
#include "spillway/net/upstream.hpp"
#include "spillway/privacy/clearance.hpp"

namespace spillway::gateway {

/// A call that no client waits for: the second answer to a request, or the judging of two.
///
/// It takes what clients leave: one attempt at a deployment that is well and has a slot to spare.
/// How it goes counts neither for nor against the deployment. Its worst case is set aside from the
/// route's daily allowance before anything is sent, and it leaves a spend record of its own.
struct SideCall {
    SideCall(const Snapshot& taken, privacy::Clearance given) : snapshot(taken), clearance(given) {}

    const Snapshot& snapshot;
    privacy::Clearance clearance;  ///< Of every text in `body`.
    route::Resolved place;
    const route::CompiledRoute* route = nullptr;  ///< Who pays.
    std::string_view body;                        ///< Followed by `dialect::body_padding` bytes.
    std::string_view suffix = "/chat/completions";
    std::string_view forwarded;
    std::vector<config::Parameter> parameters;
    std::string_view call_type;
    std::string why;  ///< For the record.
    Tokens prompt{};
    route::ContentSet content;
};

/// How it went.
enum class SideEnd : std::uint8_t {
    answered,
    failed,
    unavailable,  ///< Nobody of the group can serve it now, or could at all.
    over_budget,  ///< Also where a remote price is not known: its worst case cannot be held.
    cancelled,
};
struct SideAnswer {
    SideEnd end = SideEnd::unavailable;
    std::string body;              ///< When answered: a chat completion as JSON.
    DeploymentIndex deployment{};  ///< Unless unavailable.
    GroupIndex group{};
};

/// Makes the call, bounded in time and size, and records it.
[[nodiscard]] net::Task<SideAnswer> run_side_call(SideCall call, Services& services);

}  // namespace spillway::gateway
