#pragma once

#include <string>
#include <vector>

namespace spillway::chat {

enum class Privilege : unsigned char { user, operator_ };

/// Who a request is for. Made by `guard::KeyRing`, read by routing and by the record.
struct Caller {
    std::string key_hash;  ///< SHA-256 hex of the key; empty when no key is required.
    Privilege privilege = Privilege::user;
};

}  // namespace spillway::chat
