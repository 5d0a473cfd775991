#include "wire_head.hpp"

namespace spillway::gateway {

namespace {

template <class Place>
void name(Place& place, const Snapshot& snapshot, GroupIndex group, DeploymentIndex deployment)
{
    const auto& upstream = snapshot.upstreams[at(deployment)];
    place.group = snapshot.table[group].name;
    place.deployment_id = upstream.id;
    place.provider = upstream.provider;
    place.upstream_model = upstream.model;
    place.api_base = upstream.api_base;
}

}  // namespace

std::string upstream_model(const Upstream& upstream, std::string_view wildcard)
{
    auto model = upstream.model;
    if (const auto star = model.find('*'); star != std::string::npos)
        model.replace(star, 1, wildcard);
    return model;
}

std::string wire_head(const Upstream& upstream, const HeadParts& parts)
{
    std::string head;
    head.reserve(parts.method.size() + parts.path.size() + upstream.base_path.size() +
                 parts.suffix.size() + upstream.header_block.size() + parts.forwarded.size() +
                 parts.content_type.size() + 96);
    head.append(parts.method).append(" ");
    if (parts.path.empty())
        head.append(upstream.base_path).append(parts.suffix);
    else
        head.append(parts.path);
    head.append(" HTTP/1.1\r\n").append(upstream.header_block).append(parts.forwarded);
    if (parts.body_length) {
        head.append("content-type: ").append(parts.content_type).append("\r\n");
        head.append("content-length: ").append(std::to_string(*parts.body_length)).append("\r\n");
    }
    head.append("\r\n");
    return head;
}

std::string question_head(const Upstream& upstream, std::string_view path, std::size_t body_length)
{
    return wire_head(upstream, {"POST", {}, {}, "application/json", body_length, path});
}

void name_place(ledger::SpendRecord& record, const Snapshot& snapshot, GroupIndex group,
                DeploymentIndex deployment)
{
    name(record, snapshot, group, deployment);
}

void name_place(ledger::CallNote& note, const Snapshot& snapshot, GroupIndex group,
                DeploymentIndex deployment)
{
    name(note, snapshot, group, deployment);
}

}  // namespace spillway::gateway
