#include "spillway/route/failure_policy.hpp"

namespace spillway::route {
namespace {

constexpr bool in_order_of_class()
{
    for (std::size_t i = 0; i < failure_policies.size(); ++i) {
        if (static_cast<std::size_t>(failure_policies[i].kind) != i) {
            return false;
        }
    }
    return true;
}
static_assert(in_order_of_class(), "every class has its row, at its own place");

}  // namespace

std::optional<int> said_of(const config::RetryPolicy& policy, chat::FailureClass kind)
{
    using chat::FailureClass;
    switch (kind) {
        case FailureClass::transient:
        case FailureClass::overloaded:
        case FailureClass::loading:
        case FailureClass::unknown:
            return policy.internal_server;
        case FailureClass::stalled:
            return policy.timeout;
        case FailureClass::rate_limited:
        case FailureClass::quota:
            return policy.rate_limit;
        case FailureClass::credential:
            return policy.authentication;
        case FailureClass::content_policy:
            return policy.content_policy;
        case FailureClass::rejected:
        case FailureClass::unsupported:
            return policy.bad_request;
        case FailureClass::model_missing:
        case FailureClass::too_long:
        case FailureClass::not_local:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace spillway::route
