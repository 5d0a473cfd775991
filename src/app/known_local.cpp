#include "known_local.hpp"

#include <algorithm>

namespace spillway::app {

namespace {

/// Host of "https://host:port/path".
std::string_view host_of(std::string_view base)
{
    const auto scheme = base.find("://");
    base.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
    base = base.substr(0, base.find('/'));
    if (base.starts_with('['))
        return base.substr(0, base.find(']') + 1);
    return base.substr(0, base.rfind(':'));
}

}  // namespace

bool known_local(const gateway::Snapshot* snapshot, std::string_view deployment_id,
                 std::string_view api_base)
{
    if (snapshot != nullptr) {
        const auto& all = snapshot->table.deployments();
        const auto known = std::find_if(all.begin(), all.end(), [&](const route::Deployment& each) {
            return each.id == deployment_id;
        });
        if (known != all.end())
            return known->reach == privacy::Reach::local;
    }
    if (api_base.empty())
        return false;
    static const privacy::LocalHosts usual;
    const auto& hosts = snapshot != nullptr ? snapshot->rules.hosts : usual;
    return hosts.reach_by_name(host_of(api_base)) == privacy::Reach::local;
}

}  // namespace spillway::app
