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

/// The one key that is offered; two that differ are refused, because picking one would let a proxy
/// in front and us see two different callers.
Result<std::string_view> offered_key(const Credentials& offered)
{
    const std::array headers{offered.configured, offered.x_litellm_api_key, offered.authorization,
                             offered.x_api_key,  offered.api_key,           offered.x_goog_api_key};
    std::string_view key;
    for (const std::string_view header : headers) {
        const std::string_view candidate = header.empty() ? header : key_in(header);
        if (candidate.empty()) {
            continue;
        }
        if (!key.empty() && candidate != key) {
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
    return key;
}

Error cannot_say()
{
    return Error(Errc::database_unavailable,
                 "Authentication Error, the database that knows the keys cannot be reached, so "
                 "nobody can say whether this one is valid. Try again shortly.")
        .retry_in(Millis{1'000});
}

std::string seconds_text(WallTime time)
{
    return rfc3339(std::chrono::floor<std::chrono::seconds>(time)).replace(19, 7, "");
}

/// Whether the key may be used at all, whatever for.
Result<void> check(const chat::Grant& grant, WallTime now)
{
    switch (grant.state) {
        case chat::Grant::State::active:
            break;
        case chat::Grant::State::blocked:
            return fail(Errc::unauthenticated,
                        "Authentication Error, Key is blocked. Update via `/key/unblock` if you're "
                        "admin.");
        case chat::Grant::State::team_blocked:
            return fail(Errc::unauthenticated,
                        "Authentication Error, Team=" + printable(grant.team_id, 80) +
                            " is blocked. Update via `/team/unblock` if your admin.");
    }
    if (grant.expires && now >= *grant.expires) {
        return fail(Errc::expired_key, "Authentication Error - Expired Key. Key Expiry time " +
                                           seconds_text(*grant.expires) + " and current time " +
                                           seconds_text(now));
    }
    return {};
}

/// @param hash  Of what was offered. Who asks cannot choose it, so how long the search takes tells
///              nothing of the keys there are.
Result<chat::Caller> virtual_caller(std::string_view hash, const VirtualKeys& known, WallTime now)
{
    auto grant = known.grants.find(hash);
    if (known.state == keys::State::lost || (!grant && known.state == keys::State::unsure)) {
        return fail(cannot_say());
    }
    if (!grant) {
        return fail(Errc::unauthenticated,
                    "Authentication Error, Invalid proxy server token passed. The key is not "
                    "known to this gateway.");
    }
    if (auto good = check(*grant, now); !good) {
        return fail(std::move(good).error());
    }
    chat::Caller caller;
    caller.key_hash = grant->key_hash;
    caller.rights = known.state == keys::State::known ? grant->admin : chat::AdminRights::none;
    caller.grant = std::move(grant);
    return caller;
}

}  // namespace

KeyRing::KeyRing(std::optional<Secret> master_key) : master_key_(std::move(master_key))
{
    if (master_key_) {
        master_hash_ = sha256_hex(master_key_->reveal());
    }
}

Result<chat::Caller> KeyRing::authenticate(const Credentials& offered, const VirtualKeys& known,
                                           WallTime now) const
{
    if (!master_key_) {
        return chat::Caller{{}, chat::Privilege::operator_, nullptr, chat::AdminRights::all};
    }
    const auto key = offered_key(offered);
    if (!key) {
        return fail(key.error());
    }
    if (equals_secret(*key, master_key_->reveal())) {
        return chat::Caller{master_hash_, chat::Privilege::operator_, nullptr,
                            chat::AdminRights::all};
    }
    return virtual_caller(sha256_hex(*key), known, now);
}

}  // namespace spillway::guard
