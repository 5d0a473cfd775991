#include "spillway/config/locality.hpp"

#include "spillway/base/text.hpp"

namespace spillway::config {

bool is_forwarded(std::string_view model)
{
    model = trimmed(model);
    const auto colon = model.rfind(':');
    // A colon before the last slash is that of a registry's port.
    if (colon == std::string_view::npos || model.find('/', colon) != std::string_view::npos)
        return false;
    const auto tag = lower(model.substr(colon + 1));
    return tag == "cloud" || tag.ends_with("-cloud");
}

privacy::Reach planned_reach(const Deployment& deployment, const BaseUrl& base,
                             const privacy::LocalHosts& hosts)
{
    if (!deployment.local && is_forwarded(deployment.model))
        return privacy::Reach::remote;
    return engine_reach(deployment, base, hosts);
}

privacy::Reach engine_reach(const Deployment& deployment, const BaseUrl& base,
                            const privacy::LocalHosts& hosts)
{
    if (deployment.local)
        return *deployment.local ? privacy::Reach::local : privacy::Reach::remote;
    if (const auto known = hosts.reach_by_name(base.host))
        return *known;
    return reach_of(base.host) == Reach::near ? privacy::Reach::local : privacy::Reach::remote;
}

}  // namespace spillway::config
