#include "spillway/config/model_list.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "spillway/base/text.hpp"
#include "spillway/config/fields_deployment.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/config/section.hpp"

namespace spillway::config {

namespace {

constexpr std::string_view params_path = "model_list[].litellm_params";
constexpr std::string_view info_path = "model_list[].model_info";

std::string at_param(std::string_view key)
{
    return std::string(params_path) + "." + std::string(key) + ": ";
}

/// Adds the entries of `from` that `into` does not have.
void fill(Node& into, const Node& from)
{
    for (const auto& entry : from.entries)
        if (into.find(entry.key) == nullptr)
            into.entries.push_back(entry);
}

void add_default(std::vector<Parameter>& defaults, const Entry& entry)
{
    if (!entry.value.is_null())
        defaults.push_back({entry.key, to_json(entry.value)});
}

/// The members of `extra_body`, which hold over parameters of the same name.
void add_extra_body(std::vector<Parameter>& defaults, const Node& body)
{
    std::set<std::string_view> names;
    for (const auto& entry : body.entries)
        names.insert(entry.key);
    std::erase_if(defaults, [&names](const auto& known) { return names.contains(known.name); });
    for (const auto& entry : body.entries)
        add_default(defaults, entry);
}

/// Prices that we have no word for. On the wire they would be refused.
bool looks_like_price(std::string_view key)
{
    return key.find("cost_per") != std::string_view::npos || key.ends_with("_cost");
}

/// The row's identity: what makes it another deployment when it changes.
std::string identity(const Deployment& row)
{
    std::string text;
    for (const auto& part : {row.group, row.model, row.provider, row.api_base, row.api_version,
                             row.organization, row.base_model})
        text += part + '\n';
    text += row.api_key ? sha256_hex(row.api_key->reveal()) : std::string();
    for (const auto& parameter : row.defaults)
        text += '\n' + parameter.name + '=' + parameter.json;
    constexpr std::size_t id_length = 16;
    return sha256_hex(text).substr(0, id_length);
}

/// Reads the rows one by one; holds what they share.
class RowReader {
public:
    RowReader(const Node& root, RowRules rules, const Environment& environment, Findings& findings)
        : rules_(rules), environment_(environment), findings_(findings)
    {
        read_credentials(root.find("credential_list"));
        const auto* router = root.find("router_settings");
        const auto* shared = router != nullptr ? router->find("default_litellm_params") : nullptr;
        if (is_section(shared, "router_settings.default_litellm_params", findings_))
            shared_params_ = shared;
    }

    /// The deployments of one row; incomplete when an error was reported.
    std::vector<Deployment> read(const Node& row)
    {
        if (row.kind != Node::Kind::map) {
            findings_.error(row.at,
                            "model_list[]: expected a map, found " + std::string(kind_name(row)));
            return {};
        }
        Deployment start;
        start.where = findings_.where(row.at);
        SectionLoader load(row, "model_list[]", findings_);
        row_fields(load, start);
        load.refuse_rest(Unknown::warn);
        const auto* written = row.find("litellm_params");
        if (start.group.empty())
            findings_.error(row.at, "model_list[]: the row has no model_name");
        if (written == nullptr || written->is_null())
            findings_.error(row.at, "model_list[]: the row has no litellm_params");
        if (!is_section(written, params_path, findings_))
            return {};
        read_info(row.find("model_info"), start);

        Node params = *written;
        take_credential(params);
        if (shared_params_ != nullptr)
            fill(params, *shared_params_);
        std::vector<Deployment> deployments;
        for (const auto& draft : per_provider(start, params))
            for (const auto& variant : per_organization(draft.params))
                deployments.push_back(read_params(variant, draft.start));
        name_all(row, deployments);
        return deployments;
    }

private:
    void read_credentials(const Node* list)
    {
        if (list == nullptr || list->is_null())
            return;
        if (list->kind != Node::Kind::sequence) {
            findings_.error(list->at, "credential_list: expected a list, found " +
                                          std::string(kind_name(*list)));
            return;
        }
        for (const auto& item : list->items) {
            const auto* name = item.find("credential_name");
            const auto* values = item.find("credential_values");
            if (name == nullptr || name->kind != Node::Kind::scalar) {
                findings_.error(item.at, "credential_list[]: expected a map with credential_name");
                continue;
            }
            if (is_section(values, "credential_list[].credential_values", findings_))
                credentials_.insert_or_assign(name->text, values);
        }
    }

    void take_credential(Node& params)
    {
        const auto* name = params.find("litellm_credential_name");
        if (name == nullptr || name->is_null())
            return;
        const auto found = credentials_.find(name->text);
        if (found != credentials_.end()) {
            fill(params, *found->second);
            return;
        }
        std::vector<std::string_view> known;
        for (const auto& [known_name, values] : credentials_)
            known.push_back(known_name);
        findings_.error(name->at, at_param("litellm_credential_name") +
                                      "credential_list has no such name" +
                                      suggestion(name->text, known));
    }

    /// A row on its way to a deployment.
    struct Draft {
        Deployment start;
        Node params;
    };

    /// The model `*` under the name `*` stands for every cloud whose key is in the environment:
    /// `provider/*`, and the bare names that tell their provider (litellm-surface 2.2).
    std::vector<Draft> per_provider(const Deployment& start, const Node& params)
    {
        const auto* model = params.find("model");
        const bool any = start.group == "*" && model != nullptr && model->text == "*" &&
                         params.find("custom_llm_provider") == nullptr &&
                         params.find("api_base") == nullptr && params.find("api_key") == nullptr;
        if (!any)
            return {{start, params}};
        std::vector<Draft> drafts;
        const auto add = [&](std::string group, std::string name) {
            drafts.push_back({start, params});
            drafts.back().start.group = std::move(group);
            drafts.back().params.find("model")->text = std::move(name);
        };
        for (const auto& provider : providers()) {
            const std::string prefix(provider.prefix);
            if (provider.place != Place::cloud || provider.base_url.empty() ||
                !key_from_environment(provider, environment_))
                continue;
            add(prefix + "/*", prefix + "/*");
            if (prefix == "openai")
                add("*", "openai/*");
            if (prefix == "anthropic")
                add("claude-*", "anthropic/claude-*");
            if (prefix == "gemini")
                add("gemini-*", "gemini/gemini-*");
        }
        if (drafts.empty())
            findings_.error(model->at, at_param("model") +
                                           "\"*\" stands for every cloud whose key is in the "
                                           "environment, and there is none");
        return drafts;
    }

    /// A list of organizations makes one deployment of each (litellm-surface 2.2).
    static std::vector<Node> per_organization(Node params)
    {
        std::vector<Node> variants;
        const auto* organization = params.find("organization");
        if (organization == nullptr || organization->kind != Node::Kind::sequence ||
            organization->items.empty()) {
            variants.push_back(std::move(params));
            return variants;
        }
        for (const auto& one : std::vector<Node>(organization->items)) {
            variants.push_back(params);
            *variants.back().find("organization") = one;
        }
        return variants;
    }

    void read_info(const Node* info, Deployment& row)
    {
        if (!is_section(info, info_path, findings_))
            return;
        SectionLoader load(*info, std::string(info_path), findings_);
        info_fields(load, row);
        for (const auto* entry : load.unknown_entries())
            findings_.seen(std::string(info_path) + "." + printable(entry->key), Support::ignored,
                           "free text");
    }

    Deployment read_params(const Node& params, const Deployment& start)
    {
        auto row = start;
        SectionLoader load(params, std::string(params_path), findings_);
        params_fields(load, row);
        for (const auto* entry : load.passed_entries())
            add_default(row.defaults, *entry);
        for (const auto* entry : load.unknown_entries()) {
            const auto path = std::string(params_path) + "." + printable(entry->key);
            if (looks_like_price(entry->key)) {
                findings_.seen(path, Support::ignored, "only prices per token are known");
                continue;
            }
            if (entry->key == "local")
                findings_.warning(entry->at, path +
                                                 ": goes to the provider as a default of requests; "
                                                 "what says where a row runs is model_info.local");
            findings_.seen(path, Support::supported, "default for requests that do not set it");
            add_default(row.defaults, *entry);
        }
        const auto* body = params.find("extra_body");
        if (is_section(body, std::string(params_path) + ".extra_body", findings_))
            add_extra_body(row.defaults, *body);
        check(row, params);
        return row;
    }

    /// What cannot be served must not wait for the first request to say so.
    void check(const Deployment& row, const Node& params)
    {
        const auto* model = params.find("model");
        if (row.model.empty()) {
            findings_.error(model != nullptr ? model->at : params.at,
                            "model_list[].litellm_params has no model");
            return;
        }
        const auto star = row.model.find('*');
        if (star != std::string::npos && star + 1 != row.model.size())
            findings_.error(model->at, at_param("model") + "a * may only stand at the end");
        if (star != std::string::npos && !row.group.ends_with('*'))
            findings_.error(model->at,
                            at_param("model") + "ends in *, so model_name must end in * as well");
        const auto* base = params.find("api_base");
        if (base == nullptr)
            base = params.find("base_url");
        if (base != nullptr && !row.api_base.empty()) {
            if (const auto parsed = parse_base_url(row.api_base); !parsed) {
                findings_.error(base->at, at_param("api_base") + parsed.error().message());
                return;
            }
        }
        check_resolved(row, params, *model, base != nullptr ? *base : *model);
    }

    void check_resolved(const Deployment& row, const Node& params, const Node& model,
                        const Node& base)
    {
        const auto resolved = resolve(row, environment_);
        if (!resolved) {
            findings_.error(model.at, at_param("model") + resolved.error().message());
            return;
        }
        if (!resolved->warning.empty())
            findings_.warning(model.at, at_param("model") + resolved->warning);
        if (reach_of(resolved->base.host) == Reach::link_local && !rules_.allow_link_local)
            findings_.error(base.at, at_param("api_base") +
                                         "a link-local or metadata address; "
                                         "upstream.allow_link_local: true permits it");
        const auto variable = resolved->provider->key_env;
        if (resolved->place == Place::cloud && !resolved->api_key && !variable.empty() &&
            params.find("api_key") == nullptr)
            findings_.warning(model.at, at_param("model") + "no api_key, and " +
                                            std::string(variable) + " is not set");
    }

    /// Gives every deployment a name of its own.
    void name_all(const Node& row, std::vector<Deployment>& deployments)
    {
        const bool named = !deployments.empty() && !deployments.front().id.empty();
        for (std::size_t i = 0; i < deployments.size(); ++i) {
            auto& id = deployments[i].id;
            if (named && i == 0 && ids_.contains(id)) {
                const auto* info = row.find("model_info");
                findings_.error(info->find("id")->at,
                                std::string(info_path) + ".id: another row has this id");
                return;
            }
            if (id.empty())
                id = identity(deployments[i]);
            const auto stem = id;
            while (!ids_.insert(id).second)
                id = stem + "-" + std::to_string(++repeats_.emplace(stem, 1).first->second);
        }
    }

    RowRules rules_;
    const Environment& environment_;
    Findings& findings_;
    std::map<std::string, const Node*> credentials_;
    const Node* shared_params_ = nullptr;
    std::set<std::string> ids_;
    std::map<std::string, int> repeats_;  ///< How often an id was asked for.
};

}  // namespace

ModelList read_model_list(const Node& root, RowRules rules, const Environment& environment,
                          Findings& findings)
{
    ModelList result;
    RowReader reader(root, rules, environment, findings);
    const auto* list = root.find("model_list");
    if (list == nullptr || list->is_null())
        return result;
    if (list->kind != Node::Kind::sequence) {
        findings.error(list->at,
                       "model_list: expected a list, found " + std::string(kind_name(*list)));
        return result;
    }
    for (const auto& row : list->items) {
        const auto mark = findings.mark();
        auto deployments = reader.read(row);
        if (!findings.has_error_since(mark)) {
            std::move(deployments.begin(), deployments.end(),
                      std::back_inserter(result.deployments));
            continue;
        }
        if (rules.bad_row == BadRow::dropped)
            findings.soften_since(mark, "this row of model_list is dropped");
        if (const auto* name = row.find("model_name"); name != nullptr)
            result.dropped_groups.insert(name->text);
    }
    return result;
}

}  // namespace spillway::config
