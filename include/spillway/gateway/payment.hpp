#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/ledger/open_calls.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

struct Services;

/// The scopes that pay for a request wherever it goes, as its record names them. The names live as
/// long as the request and `end_user`.
/// @param end_user  Gets the name under which the record has it.
void add_callers_scopes(const InferenceRequest& request, std::string& end_user, std::string& member,
                        std::vector<guard::ScopeName>& out);
/// Those that pay for one deployment. The names live as long as the snapshot and the grant.
/// @param grant  Of the caller; null when it has none.
void add_target_scopes(const Snapshot& snapshot, const chat::Grant* grant, GroupIndex group,
                       DeploymentIndex deployment, std::vector<guard::ScopeName>& out);

/// Pays for the attempts of one request: reserves before each, keeps what a failed one may have
/// cost, and settles once, when the record is committed (docs/budgets.md).
///
/// There is one reservation at a time. It covers the attempt under way and what earlier ones may
/// have cost, in the scopes of the attempt under way: those are the ones that the record names.
/// Destroyed unsettled it charges all of it, and its page stays among the open calls.
class Payment {
public:
    /// Both outlive it.
    Payment(const InferenceRequest& request, Services& services)
        : request_(request), services_(services)
    {}
    Payment(const Payment&) = delete;
    Payment& operator=(const Payment&) = delete;

    /// Before anything is sent to `target`. What costs nothing needs nothing.
    /// @return `budget_exceeded` when somebody who pays cannot, or has a cap and the price is not
    ///         known; `database_unavailable` when this instance's part of a shared cap is used and
    ///         nobody can give it more; `ledger_unavailable` when it cannot be written down.
    [[nodiscard]] Result<void> begin(const route::Target& target, const route::Plan& plan,
                                     TimePoint now);
    /// What the last `begin` lacked is a lease, and there is somebody who may grant one.
    [[nodiscard]] bool lacks_lease() const { return lacks_lease_; }
    enum class Cost : std::uint8_t { none, possible };
    /// The attempt ended without an answer.
    void failed(Cost cost);
    /// The attempt ended with an answer, or with part of one; `none`: it had not even been sent.
    void answered(Cost cost);

    /// The attempt's answer is held back while another place is asked: `cost` stays set aside for
    /// it beside what the other may cost. Empty: all that was set aside.
    void held_back(std::optional<NanoUsd> cost);
    /// The answer that was held back is given after all: its target pays, as far as its scopes can.
    void back_to(const route::Target& target);
    /// What stays set aside for an answer that is held back.
    [[nodiscard]] NanoUsd held() const { return held_; }

    /// What the record needs to know.
    [[nodiscard]] Bill bill() const;
    /// The record is written, or could not be: charges what it says.
    enum class Written : std::uint8_t { yes, no };
    void close(NanoUsd charge, Written written);

private:
    [[nodiscard]] std::span<const guard::ScopeName> payers(GroupIndex group,
                                                           DeploymentIndex deployment);
    [[nodiscard]] Error refused(const guard::BudgetRefusal& refusal);
    [[nodiscard]] Result<void> write_down(const route::Target& target, NanoUsd amount);
    void erase() noexcept;

    const InferenceRequest& request_;
    Services& services_;
    std::optional<guard::Reservation> reservation_;
    std::optional<ledger::OpenCalls::Slot> slot_;
    NanoUsd doubtful_{};  ///< What attempts that failed may have cost.
    NanoUsd under_way_{};
    NanoUsd held_{};  ///< For an answer that is held back.
    std::uint32_t attempts_ = 0;
    bool lacks_lease_ = false;
    std::optional<Payer> payer_;  ///< Whose scopes hold the reservation.
    std::string end_user_;
    std::string member_;
};

}  // namespace spillway::gateway
