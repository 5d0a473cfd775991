#pragma once

#include "spillway/admin/pages.hpp"

namespace spillway::admin {

/// `/key/*`, `/team/*`, `/user/*`, `/customer/*`, `/budget/*`, `/tag/*`.
[[nodiscard]] net::Task<Result<Reply>> key_page(Request request, const Desk& desk);

/// `/provider/budgets`: the caps of providers, and what is spent of them.
[[nodiscard]] Reply provider_budgets_page(const Desk& desk);

}  // namespace spillway::admin
