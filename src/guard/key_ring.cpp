#include "spillway/guard/key_ring.hpp"

#include <array>
#include <utility>

#include "spillway/base/text.hpp"

namespace spillway::guard {
namespace {

/// The key in a header's value: what follows "Bearer", or all of it (LiteLLM takes bare keys).
std::string_view key_in(std::string_view value)
{
    constexpr std::string_view scheme = "bearer";
    value = trimmed(value);
    if (value.size() >= scheme.size() && iequals(value.substr(0, scheme.size()), scheme)) {
        const std::string_view rest = value.substr(scheme.size());
        if (rest.empty() || rest.front() == ' ' || rest.front() == '\t') {
            return trimmed(rest);
        }
    }
    return value;
}

}  // namespace

KeyRing::KeyRing(std::optional<Secret> master_key) : master_key_(std::move(master_key))
{
    if (master_key_) {
        master_hash_ = sha256_hex(master_key_->reveal());
    }
}

Result<chat::Caller> KeyRing::authenticate(const Credentials& offered) const
{
    if (!master_key_) {
        return chat::Caller{{}, chat::Privilege::operator_};
    }
    const std::array headers{offered.configured, offered.x_litellm_api_key, offered.authorization,
                             offered.x_api_key,  offered.api_key,           offered.x_goog_api_key};
    std::string_view key;
    for (const std::string_view header : headers) {
        const std::string_view candidate = header.empty() ? header : key_in(header);
        if (candidate.empty()) {
            continue;
        }
        if (!key.empty() && candidate != key) {
            // Picking one would let a proxy in front and us see two different callers.
            return fail(Errc::unauthenticated,
                        "Authentication Error, the request offers two different API keys in its "
                        "headers. Send exactly one.");
        }
        key = candidate;
    }
    if (key.empty()) {
        return fail(Errc::unauthenticated,
                    "Authentication Error, No api key passed in. Send it as 'Authorization: "
                    "Bearer <key>'.");
    }
    if (!equals_secret(key, master_key_->reveal())) {
        return fail(Errc::unauthenticated,
                    "Authentication Error, Invalid proxy server token passed. The key is not "
                    "known to this gateway.");
    }
    return chat::Caller{master_hash_, chat::Privilege::operator_};
}

}  // namespace spillway::guard
