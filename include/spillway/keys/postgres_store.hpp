#pragma once

#include <memory>

#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/keys/store.hpp"

namespace spillway::keys {

/// A store that several instances share. It connects when it is asked for the first time, and again
/// after its connection was lost; each call ends within about 10 s, whatever the server does, and
/// at once when `stop` is raised. Whatever is committed is told by `NOTIFY spillway_keys`. Its
/// calls say `database_unavailable` while the server is out of reach.
[[nodiscard]] std::unique_ptr<Store> make_postgres_store(Secret database_url,
                                                         std::shared_ptr<EventDescriptor> stop);

}  // namespace spillway::keys
