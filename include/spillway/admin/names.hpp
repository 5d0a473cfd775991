#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "spillway/keys/key_book.hpp"

namespace spillway::admin {

/// What keys, teams and users are called, as it was when the question came. What is not known has
/// no name.
class Names {
public:
    Names() = default;
    explicit Names(std::shared_ptr<const keys::KeyBook::Edition> known) : known_(std::move(known))
    {}

    /// By what records call the key; null when there is none.
    [[nodiscard]] std::shared_ptr<const keys::Key> key(std::string_view account) const
    {
        return known_ ? known_->catalog.key_by_any_token(account) : nullptr;
    }
    [[nodiscard]] std::shared_ptr<const keys::User> user(std::string_view id) const
    {
        return known_ ? known_->catalog.user(id) : nullptr;
    }
    /// The alias of a team, or its id where it has none.
    [[nodiscard]] std::string team(const std::string& id) const
    {
        const auto found = known_ ? known_->catalog.team(id) : nullptr;
        return found && !found->team_alias.empty() ? found->team_alias : id;
    }

private:
    std::shared_ptr<const keys::KeyBook::Edition> known_;
};

}  // namespace spillway::admin
