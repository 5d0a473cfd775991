#include "compile_upstream.hpp"

#include <algorithm>
#include <utility>

#include "member_number.hpp"
#include "spillway/base/text.hpp"
#include "spillway/gateway/answer_headers.hpp"

namespace spillway::gateway {
namespace {

/// Header text may only hold what cannot end a line (reliability.md, promise 23).
bool is_header_safe(std::string_view text)
{
    for (const unsigned char c : text) {
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

std::string host_field(const config::BaseUrl& base)
{
    const bool v6 = base.host.find(':') != std::string::npos;
    auto host = v6 ? "[" + base.host + "]" : base.host;
    const std::uint16_t usual = base.tls ? 443 : 80;
    if (base.port != usual)
        host += ":" + std::to_string(base.port);
    return host;
}

/// Fields that we set ourselves or that would break the framing of the request.
bool is_reserved(std::string_view name)
{
    for (const std::string_view reserved :
         {"host", "content-length", "transfer-encoding", "connection", "content-type",
          "accept-encoding", "upgrade", "te", "trailer", "expect"}) {
        if (iequals(name, reserved))
            return true;
    }
    return false;
}

Result<std::string> header_block(const config::Deployment& deployment,
                                 const config::Resolved& resolved)
{
    std::string block = "host: " + host_field(resolved.base) + "\r\n";
    bool authorization_set = false;
    for (const auto& header : deployment.extra_headers) {
        if (is_reserved(header.name))
            continue;
        if (!is_header_safe(header.name) || !is_header_safe(header.value.reveal()))
            return fail(Errc::bad_config, "extra header with a control character");
        authorization_set = authorization_set || iequals(header.name, "authorization");
        block += header.name + ": " + header.value.reveal() + "\r\n";
    }
    if (resolved.api_key && !resolved.api_key->empty() && !authorization_set) {
        if (!is_header_safe(resolved.api_key->reveal()))
            return fail(Errc::bad_config, "api_key holds a control character");
        block += "authorization: Bearer " + resolved.api_key->reveal() + "\r\n";
    }
    if (!deployment.organization.empty() && is_header_safe(deployment.organization))
        block += "openai-organization: " + deployment.organization + "\r\n";
    block +=
        "accept: */*\r\naccept-encoding: identity\r\nuser-agent: spillway/" SPILLWAY_VERSION "\r\n";
    return block;
}

dialect::WireRules wire_rules(const config::Deployment& deployment, const config::Config& config,
                              const config::Resolved& resolved)
{
    dialect::WireRules rules;
    const auto& quirks = resolved.provider->quirks;
    rules.rename_max_completion_tokens = quirks.rename_max_completion_tokens;
    rules.no_stream_options = quirks.no_stream_options;
    rules.drop = deployment.drop_params;
    if (quirks.drop_sampling_for_new_claude && config.router.drop_params)
        rules.drop.insert(rules.drop.end(), {"temperature", "top_p", "top_k"});
    for (const auto& parameter : deployment.defaults)
        rules.defaults.emplace_back(parameter.name, parameter.json);
    return rules;
}

void compile_embeddings(const config::Deployment& deployment, const config::Provider& provider,
                        Upstream& upstream)
{
    upstream.embeddings = deployment.embeddings;
    if (!upstream.embeddings.max_batch && provider.quirks.embedding_batch > 0)
        upstream.embeddings.max_batch = provider.quirks.embedding_batch;
    const auto is_dimensions = [](const auto& parameter) {
        return parameter.first == "dimensions";
    };
    auto& defaults = upstream.rules.defaults;
    const auto found = std::find_if(defaults.begin(), defaults.end(), is_dimensions);
    if (found != defaults.end())
        upstream.default_dimensions = number_of(found->second);
    if (!upstream.embeddings.cut)
        return;
    // It does not know the parameter, wherever that comes from.
    std::erase_if(defaults, is_dimensions);
    upstream.rules.drop.emplace_back("dimensions");
}

std::string printed_base(const config::BaseUrl& base)
{
    return (base.tls ? "https://" : "http://") + host_field(base) + base.path;
}

}  // namespace

config::Place place_of(const Upstream& upstream)
{
    return upstream.local ? config::Place::local : config::Place::cloud;
}

Result<Upstream> compile_upstream(const config::Deployment& deployment,
                                  const config::Config& config, const config::Resolved& resolved,
                                  const ledger::PriceBook& prices, observe::Metrics& metrics)
{
    auto block = header_block(deployment, resolved);
    if (!block)
        return tl::make_unexpected(std::move(block.error()));
    Upstream upstream;
    upstream.id = deployment.id;
    upstream.model = resolved.upstream_model;
    upstream.api_base = printed_base(resolved.base);
    upstream.provider = std::string(resolved.provider->name);
    upstream.origin.host = resolved.base.host;
    upstream.origin.port = resolved.base.port;
    upstream.origin.tls = resolved.base.tls;
    upstream.origin.ca_file = config.upstream.ca_file;
    upstream.base_path = resolved.base.path;
    upstream.header_block = *std::move(block);
    upstream.answer_block = answer_block(deployment.id, deployment.group, upstream.api_base);
    upstream.rules = wire_rules(deployment, config, resolved);
    compile_embeddings(deployment, *resolved.provider, upstream);
    upstream.ollama =
        ollama_upstream(deployment, upstream.provider, upstream.base_path, upstream.rules);
    upstream.local = deployment.local.value_or(resolved.place == config::Place::local);
    upstream.rate =
        config::rate_of(deployment, upstream.model, place_of(upstream), prices, config.local);
    upstream.metrics = metrics.deployment(deployment.id, deployment.group, upstream.provider);
    return upstream;
}

}  // namespace spillway::gateway
