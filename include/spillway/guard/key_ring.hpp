#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/chat/caller.hpp"

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

/// The keys of one snapshot. This version knows the master key only.
class KeyRing {
public:
    explicit KeyRing(std::optional<Secret> master_key);

    /// Who is asking. Without a master key everyone is the operator (the daemon then listens on
    /// loopback only). Exactly one credential counts; two that differ are refused.
    /// @return `Errc::unauthenticated`, in LiteLLM's words, never naming the offered key.
    /// The caller names its key by this ring's own copy of the hash.
    [[nodiscard]] Result<chat::Caller> authenticate(const Credentials& offered) const;

    [[nodiscard]] bool open() const { return !master_key_; }

private:
    std::optional<Secret> master_key_;
    std::string master_hash_;  ///< SHA-256 hex, as records name it.
};

}  // namespace spillway::guard
