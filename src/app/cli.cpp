#include "spillway/app/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include "spillway/base/text.hpp"

namespace spillway::app {

namespace {

constexpr const char* about =
    "spillway: one OpenAI-compatible endpoint in front of local engines and cloud APIs.\n"
    "Point any OpenAI SDK at http://localhost:4000/v1.";

constexpr const char* footer =
    "Examples:\n"
    "  spillway serve                           find engines and keys by itself, port 4000\n"
    "  spillway serve --config config.yaml      serve a LiteLLM configuration as it is\n"
    "  spillway serve --host 0.0.0.0            let other machines in (needs a master key)\n"
    "  spillway check --config config.yaml      every problem in the file, and what each key does\n"
    "\n"
    "  curl http://localhost:4000/v1/models\n";

constexpr const char* serve_footer =
    "Without --config it takes ./spillway.yaml when there is one, else the file that\n"
    "CONFIG_FILE_PATH names. With none of them it looks for what is there:\n"
    "  engines     Ollama 127.0.0.1:11434, llama.cpp 127.0.0.1:8080, vLLM 127.0.0.1:8000,\n"
    "              LM Studio 127.0.0.1:1234; asked again every five seconds\n"
    "  cloud keys  OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY,\n"
    "              GROQ_API_KEY, MISTRAL_API_KEY, DEEPSEEK_API_KEY, XAI_API_KEY and others\n"
    "\n"
    "Environment, when it looks for itself:\n"
    "  OLLAMA_HOST         where Ollama listens, as Ollama reads it\n"
    "  SPILLWAY_DISCOVER   where the others listen: llama_cpp=HOST:PORT,vllm=HOST:PORT,\n"
    "                      lm_studio=HOST:PORT,ollama=HOST:PORT; NAME=off leaves one out\n"
    "\n"
    "Signals: SIGHUP reloads the configuration (a change of the file does, too); SIGTERM\n"
    "finishes running requests first, a second one ends at once.\n";

constexpr std::array<std::string_view, 3> commands{"serve", "check", "version"};
constexpr std::array<std::string_view, 4> options{"--config", "--host", "--port", "--help"};

/// "unknown option '--prot'; did you mean '--port'?": CLI11 names the word but suggests nothing.
std::string unknown_word(std::string_view word)
{
    const bool is_option = word.starts_with("-");
    const auto bare = word.substr(0, word.find('='));
    const auto known = is_option ? std::span<const std::string_view>(options)
                                 : std::span<const std::string_view>(commands);
    std::string text =
        std::string("unknown ") + (is_option ? "option" : "command") + " '" + printable(bare) + "'";
    if (const auto guess = nearest(bare, known))
        text += "; did you mean '" + std::string(*guess) + "'?";
    return text;
}

Say complaint(const std::string& what)
{
    return Say{.exit_code = 2, .text = "spillway: " + what + "\nTry 'spillway --help'.\n"};
}

/// The first of the unread words that is an option, else the first: the value of a mistyped option
/// is unread as well.
std::string first_unread(const CLI::App& app)
{
    const auto words = app.remaining(true);
    const auto option = std::find_if(words.begin(), words.end(),
                                     [](const std::string& word) { return word.starts_with("-"); });
    if (option != words.end())
        return *option;
    return words.empty() ? std::string() : words.front();
}

/// Empty when `text` is a port, else what is wrong with it: CLI11 says only that it is no number.
std::string port_number(const std::string& text)
{
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, port);
    if (read.ec == std::errc{} && read.ptr == end)
        return {};
    return "'" + printable(text) + "' is no port: a number from 0 to 65535";
}

}  // namespace

Command read_arguments(int argc, const char* const* argv)
{
    CLI::App app(about, "spillway");
    app.footer(footer);
    app.set_version_flag("--version", "spillway " SPILLWAY_VERSION);

    Serve serve;
    auto* serving = app.add_subcommand("serve", "Run the gateway.");
    serving->footer(serve_footer);
    serving->add_option("-c,--config", serve.config, "Configuration in LiteLLM's grammar.")
        ->type_name("FILE");
    serving->add_option("--host", serve.host, "Address to listen on [127.0.0.1].")
        ->type_name("ADDRESS");
    serving->add_option("-p,--port", serve.port, "Port to listen on [4000]; 0 picks a free one.")
        ->type_name("PORT")
        ->check(port_number);

    Check check;
    auto* checking = app.add_subcommand("check", "Check a configuration without serving it.");
    checking->add_option("-c,--config", check.config, "The file to check.")
        ->type_name("FILE")
        ->required();

    auto* version = app.add_subcommand("version", "Print the version.");

    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        const auto chosen = app.get_subcommands();
        return Say{.exit_code = 0,
                   .text = chosen.empty() ? app.help() : chosen.front()->help("spillway")};
    } catch (const CLI::CallForVersion&) {
        return Say{.exit_code = 0, .text = "spillway " SPILLWAY_VERSION "\n"};
    } catch (const CLI::ExtrasError&) {
        return complaint(unknown_word(first_unread(app)));
    } catch (const CLI::ParseError& error) {
        return complaint(error.what());
    }
    if (serving->parsed())
        return serve;
    if (checking->parsed())
        return check;
    if (version->parsed())
        return Say{.exit_code = 0, .text = "spillway " SPILLWAY_VERSION "\n"};
    return Say{.exit_code = 0, .text = app.help()};
}

}  // namespace spillway::app
