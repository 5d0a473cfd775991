#pragma once

#include <memory>

#include "spillway/base/secret.hpp"
#include "spillway/keys/store.hpp"

namespace spillway::keys {

/// A store that several instances share. It connects when it is asked for the first time, and again
/// after its connection was lost; each call ends within about 10 s, whatever the server does. What
/// is committed is told to all who `LISTEN` to `key_channel`.
/// @return `database_unavailable` of its calls while the server is out of reach.
[[nodiscard]] std::unique_ptr<Store> make_postgres_store(Secret database_url);

inline constexpr const char* key_channel = "spillway_keys";

}  // namespace spillway::keys
