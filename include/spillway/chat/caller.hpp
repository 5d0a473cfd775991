#pragma once

#include <string_view>

namespace spillway::chat {

enum class Privilege : unsigned char { user, operator_ };

/// Who a request is for. Made by `guard::KeyRing`, read by routing and by the record.
struct Caller {
    /// SHA-256 hex of the key, as the key ring holds it; empty when no key is required.
    std::string_view key_hash;
    Privilege privilege = Privilege::user;
};

}  // namespace spillway::chat
