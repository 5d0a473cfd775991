#pragma once

#include <map>
#include <string>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/config/values.hpp"
#include "spillway/config/values_routes.hpp"

/// How the types of settings that only budgets have are read, named and printed.
namespace spillway::config {

bool read(const Node& node, PicoUsdPerSecond& out, const Reading& reading);
bool read(const Node& node, ScopeCaps& out, const Reading& reading);
bool read(const Node& node, std::map<std::string, Budget>& out, const Reading& reading);
bool read(const Node& node, std::map<std::string, ScopeCaps>& out, const Reading& reading);
bool read(const Node& node, std::vector<BudgetStep>& out, const Reading& reading);

[[nodiscard]] std::string type_name(const PicoUsdPerSecond&, const Traits&);
[[nodiscard]] std::string type_name(const ScopeCaps&, const Traits&);
[[nodiscard]] std::string type_name(const std::map<std::string, Budget>&, const Traits&);
[[nodiscard]] std::string type_name(const std::map<std::string, ScopeCaps>&, const Traits&);
[[nodiscard]] std::string type_name(const std::vector<BudgetStep>&, const Traits&);

[[nodiscard]] std::string shown(const PicoUsdPerSecond& value, const Traits&);
[[nodiscard]] std::string shown(const ScopeCaps& value, const Traits&);

[[nodiscard]] std::span<const std::pair<std::string_view, UnknownPrices>> words_of(UnknownPrices);
[[nodiscard]] std::span<const std::pair<std::string_view, BudgetTurn>> words_of(BudgetTurn);

}  // namespace spillway::config
