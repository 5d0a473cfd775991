#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "request_fields.hpp"
#include "spillway/keys/calls.hpp"

/// What the requests about keys have in common. Private to `keys`.
namespace spillway::keys {

/// Reads all that a request may say of a key, but what names it, and checks it against the catalog.
/// @return Members without effect, for the answer.
[[nodiscard]] std::vector<std::string> read_key(RequestFields& fields, const Surroundings& world,
                                                Key& key);

/// Whether the request may say so little: the bounds of the configuration fill what is missing.
enum class Missing : std::uint8_t { filled, left_out };
/// Holds the request against `upperbound_key_generate_params`.
[[nodiscard]] Result<void> keep_within(Json& body, const std::vector<config::Parameter>& bounds,
                                       Missing missing);

/// A key itself, as it is given out once.
struct FreshKey {
    std::string secret;
    std::string token;
    std::string name;  ///< "sk-...abcd"
};
/// The key that was asked for, or a random one.
/// @return `invalid_request` for one that is no key, too short, or taken.
[[nodiscard]] Result<FreshKey> fresh_key(std::string asked, std::string_view member,
                                         const Surroundings& world);

/// The key of a user who gets one with the account.
[[nodiscard]] Key made_key(const FreshKey& fresh, const Question& question,
                           const Surroundings& world);

/// By the key itself, its hash, or a hash it had before.
[[nodiscard]] Catalog::Found<Key> find_key(const Catalog& catalog, std::string_view given);

/// `/key/generate` says so, and `/key/regenerate`: the row, with the key itself.
[[nodiscard]] Decision answer_with_key(Key key, const FreshKey& fresh, const Catalog& catalog);

}  // namespace spillway::keys
