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
}  // namespace spillway::route
