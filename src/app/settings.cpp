#include "spillway/app/settings.hpp"

#include <boost/asio/ip/address.hpp>
#include <filesystem>

#include "spillway/base/text.hpp"

namespace spillway::app {

namespace {

std::optional<std::string> set_and_not_empty(const config::Environment& environment,
                                             const std::string& name)
{
    auto value = environment(name);
    if (value && value->empty())
        value.reset();
    return value;
}

}  // namespace

Source choose_source(const Serve& wish, const config::Environment& environment)
{
    Source source{wish.config, wish.host, wish.port};
    std::error_code error;
    if (!source.file && std::filesystem::exists("spillway.yaml", error))
        source.file = "spillway.yaml";
    if (!source.file)
        source.file = set_and_not_empty(environment, "CONFIG_FILE_PATH");
    return source;
}

config::Loaded load(const Source& source, const std::string& discovered,
                    const config::Environment& environment)
{
    auto loaded = source.file ? config::load_file(*source.file, environment)
                              : config::load_text(discovered, "discovered", environment);
    if (loaded.config) {
        if (!source.file) {
            loaded.config->ledger.path = default_ledger_path(environment);
            // Advice about a text that nobody wrote, such as an empty model_list.
            loaded.problems.clear();
            loaded.config->warnings.clear();
        }
        if (source.host)
            loaded.config->server.host = *source.host;
        if (source.port)
            loaded.config->server.port = *source.port;
    }
    return loaded;
}

std::string default_ledger_path(const config::Environment& environment)
{
    if (const auto state = set_and_not_empty(environment, "XDG_STATE_HOME"))
        return *state + "/spillway/spillway.db";
    if (const auto home = set_and_not_empty(environment, "HOME"))
        return *home + "/.local/state/spillway/spillway.db";
    return "spillway.db";
}

bool is_loopback(const std::string& host)
{
    if (iequals(host, "localhost"))
        return true;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(host, error);
    return !error && address.is_loopback();
}

std::optional<std::string> exposure(const config::Config& config, const std::string& host)
{
    if (config.general.master_key || config.server.allow_open || is_loopback(host))
        return std::nullopt;
    return "will not listen on " + host +
           " without a master key: whoever reaches this machine could spend on your accounts.\n"
           "  Either set one:  general_settings.master_key in the configuration, or\n"
           "                   LITELLM_MASTER_KEY=sk-... in the environment\n"
           "  or say that something else guards it:  server.allow_open: true";
}

}  // namespace spillway::app
