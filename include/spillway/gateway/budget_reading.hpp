#pragma once

#include <string>
#include <vector>

#include "spillway/gateway/inference_request.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/route/decide.hpp"

namespace spillway::gateway {

/// What budgets say of one request, for the decision where it goes. Lives through that decision.
class BudgetReading final : public route::TargetBudgets {
public:
    /// Both outlive it.
    BudgetReading(const InferenceRequest& request, const guard::Budgets& budgets, WallTime now);
    BudgetReading(const BudgetReading&) = delete;
    BudgetReading& operator=(const BudgetReading&) = delete;

    [[nodiscard]] route::BudgetView view() const;

    [[nodiscard]] std::optional<double> left(GroupIndex group,
                                             DeploymentIndex deployment) const override;
    [[nodiscard]] bool affords(GroupIndex group, DeploymentIndex deployment,
                               NanoUsd amount) const override;

private:
    const InferenceRequest& request_;
    const guard::Budgets& budgets_;
    WallTime now_;
    std::string end_user_;
    std::string member_;
    std::vector<guard::ScopeName> caller_;
};

}  // namespace spillway::gateway
