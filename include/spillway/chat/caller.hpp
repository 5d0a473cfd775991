#pragma once

#include <memory>
#include <string_view>

#include "spillway/chat/grant.hpp"

namespace spillway::chat {

enum class Privilege : unsigned char { user, operator_ };

/// Who a request is for. Made by authentication, read by routing, guards and the record.
struct Caller {
    /// SHA-256 hex of the key, as the key ring or the grant holds it; empty when no key is
    /// required.
    std::string_view key_hash;
    Privilege privilege = Privilege::user;
    /// What the virtual key allows; null for the master key and where no key is required.
    std::shared_ptr<const Grant> grant = nullptr;
    /// What it may do of the operator's. Less than the grant says while the store of keys is out of
    /// reach.
    AdminRights rights = AdminRights::none;
};

/// May it see what belongs to others?
[[nodiscard]] inline bool sees_all(const Caller& caller)
{
    return caller.privilege == Privilege::operator_ || caller.rights != AdminRights::none;
}

/// May it change what belongs to others?
[[nodiscard]] inline bool administers(const Caller& caller)
{
    return caller.privilege == Privilege::operator_ || caller.rights == AdminRights::all;
}

}  // namespace spillway::chat
