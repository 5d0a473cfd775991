#pragma once

#include <string_view>

#include "spillway/config/config.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/privacy/locality.hpp"

namespace spillway::config {

/// Does an Ollama send requests for this model on to ollama.com? It does for tags that are `cloud`
/// or end in `-cloud`. Asked whatever the provider is called: many speak to an Ollama as `openai/`.
/// @param model  With or without a provider's prefix.
[[nodiscard]] bool is_forwarded(std::string_view model);

/// Whether requests with `boundary: local` may be planned for the deployment. The provider does not
/// matter: an Ollama at a public host is remote, and so is a model that one at home only
/// passes on, unless the row says that it is local. A name that only its address can judge (a
/// Compose service) is local here; the address is checked when the connection is opened.
/// @param hosts  Made of `privacy.local_hosts`.
[[nodiscard]] privacy::Reach planned_reach(const Deployment& deployment, const BaseUrl& base,
                                           const privacy::LocalHosts& hosts);
/// The same of the engine itself, whatever it does with the model.
[[nodiscard]] privacy::Reach engine_reach(const Deployment& deployment, const BaseUrl& base,
                                          const privacy::LocalHosts& hosts);

}  // namespace spillway::config
