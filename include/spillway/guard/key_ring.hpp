#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/keys/grants.hpp"
#include "spillway/keys/key_book.hpp"

namespace spillway::guard {

/// What a request offers as proof, as found in its head; views into it, empty when absent.
struct Credentials {
    std::string_view authorization{};  ///< "Bearer sk-..." (or the bare key, as LiteLLM takes it).
    std::string_view x_api_key{};
    std::string_view api_key{};
    std::string_view x_litellm_api_key{};
    std::string_view x_goog_api_key{};
    std::string_view configured{};  ///< general_settings.litellm_key_header_name
};

/// The virtual keys in force, and how much that says.
struct VirtualKeys {
    const keys::Grants& grants;
    keys::State state = keys::State::known;
};

/// Who a request is for: the master key of one snapshot, and the virtual keys of the moment.
class KeyRing {
public:
    explicit KeyRing(std::optional<Secret> master_key);

    /// Who is asking. Without a master key everyone is the operator (the daemon then listens on
    /// loopback only). Exactly one credential counts; two that differ are refused.
    /// @return `unauthenticated`, `expired_key`, or `database_unavailable` when nobody can say; in
    /// LiteLLM's words, never naming the offered key. The caller names its key by this ring's own
    /// copy of the hash, or by its grant's.
    [[nodiscard]] Result<chat::Caller> authenticate(const Credentials& offered,
                                                    const VirtualKeys& known, WallTime now) const;

    [[nodiscard]] bool open() const { return !master_key_; }

private:
    std::optional<Secret> master_key_;
    std::string master_hash_;  ///< SHA-256 hex, as records name it.
};

}  // namespace spillway::guard
