#include "spillway/config/locality.hpp"

namespace spillway::config {

privacy::Reach planned_reach(const Deployment& deployment, const BaseUrl& base,
                             const privacy::LocalHosts& hosts)
{
    if (deployment.local)
        return *deployment.local ? privacy::Reach::local : privacy::Reach::remote;
    if (const auto known = hosts.reach_by_name(base.host))
        return *known;
    return reach_of(base.host) == Reach::near ? privacy::Reach::local : privacy::Reach::remote;
}

}  // namespace spillway::config
