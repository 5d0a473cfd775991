#pragma once

#include "spillway/config/config.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/privacy/locality.hpp"

namespace spillway::config {

/// Whether requests with `boundary: local` may be planned for the deployment. The provider does not
/// matter: an Ollama at a public host is remote. A name that only its address can judge (a Compose
/// service) is local here; the address is checked when the connection is opened.
/// @param hosts  Made of `privacy.local_hosts`.
[[nodiscard]] privacy::Reach planned_reach(const Deployment& deployment, const BaseUrl& base,
                                           const privacy::LocalHosts& hosts);

}  // namespace spillway::config
