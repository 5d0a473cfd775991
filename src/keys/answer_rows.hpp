#pragma once

#include <string>
#include <string_view>

#include "spillway/keys/calls.hpp"

/// How records look in answers: LiteLLM's rows. Private to `keys`.
namespace spillway::keys {

[[nodiscard]] Json row_of(const Key& key, const Catalog& catalog);
[[nodiscard]] Json row_of(const Team& team);
[[nodiscard]] Json row_of(const User& user);
[[nodiscard]] Json row_of(const Customer& customer, const Catalog& catalog);
[[nodiscard]] Json row_of(const BudgetRow& budget);
[[nodiscard]] Json row_of(const Tag& tag, const Catalog& catalog);
/// A row of LiteLLM_TeamMembership.
[[nodiscard]] Json row_of(const Team& team, const Member& member, const Catalog& catalog);

/// Where the row at the JSON pointer `object` gets its spend.
[[nodiscard]] SpendPlace place_of(const Key& key, const Catalog& catalog, std::string object);
[[nodiscard]] SpendPlace place_of(const Team& team, const Catalog& catalog, std::string object);
[[nodiscard]] SpendPlace place_of(const User& user, const Catalog& catalog, std::string object);
[[nodiscard]] SpendPlace place_of(const Customer& customer, const Catalog& catalog,
                                  std::string object);
[[nodiscard]] SpendPlace place_of(const Tag& tag, const Catalog& catalog, std::string object);
[[nodiscard]] SpendPlace place_of(const Team& team, const Member& member, const Catalog& catalog,
                                  std::string object);

/// A text, or null for an empty one.
[[nodiscard]] Json text_or_null(std::string_view text);
[[nodiscard]] Json time_or_null(const std::optional<WallTime>& time);
/// The object that `text` is; an empty one for no text.
[[nodiscard]] Json object_of(std::string_view text);

}  // namespace spillway::keys
