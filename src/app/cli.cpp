#include "spillway/app/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <system_error>

#include "cli_ledger.hpp"
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
    "  spillway explain < request.json          where a request would go, and why\n"
    "  spillway replay --config new.yaml        what another file would have done\n"
    "  spillway review --config config.yaml     two models' answers side by side, judged by you\n"
    "  spillway learn --config config.yaml      learn from what shadows and you compared\n"
    "  spillway spend --since 30d --by model    what was spent, and what local engines saved\n"
    "  spillway ledger verify                   does every sum follow from sound records?\n"
    "  spillway ledger export --format csv      the records, for other programs\n"
    "  spillway import litellm --dry-run        take over a LiteLLM's keys, teams and budgets\n"
    "  spillway score < prompts.jsonl           how much each prompt gains from a strong model\n"
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

constexpr const char* train_footer =
    "A line is {\"prompt\": \"...\", \"weak\": 0, \"strong\": 1}: how good (0..1) the answers of "
    "the\n"
    "weak and of the strong model were; \"messages\" may stand for \"prompt\". Optional: "
    "\"dataset\",\n"
    "\"split\", \"weight\". zcat labels.jsonl.gz | spillway train --labels - --out my.weights\n";

constexpr const char* explain_footer =
    "The body is that of a chat completion. Nothing is called; deployments are taken as idle and\n"
    "budgets as full. A running daemon answers the same at POST /route/explain.\n";

constexpr const char* replay_footer =
    "Decides the recorded requests again, from their features: the ledger has no prompts. Prints\n"
    "what moves, cost and local share before and after, and requests that had to stay local and\n"
    "might leave; the exit code is 1 when there are any.\n";

constexpr const char* learn_footer =
    "Learns from the comparisons that `shadow:` of a route and `spillway review` left in the "
    "ledger.\n"
    "New weights go to the file that the route's `complexity.weights` names; a running daemon "
    "takes\n"
    "them up at once. They are refused (exit code 1) when they may be no better than chance. The\n"
    "ones before are kept beside them, and --undo changes places with them.\n";

constexpr const char* review_footer =
    "Shows pairs whose text was kept (`shadow: {keep_text: true}`), blind: which model is which "
    "is\n"
    "said after the verdict. A verdict is a, b, tie or skip; q ends. It outweighs all other grades "
    "in\n"
    "`spillway learn`. Without a terminal verdicts are read from stdin, a line each.\n";

constexpr std::array<std::string_view, 16> command_names{
    "serve",  "check", "explain", "replay",  "review",   "learn", "ledger", "verify",
    "export", "spend", "import",  "litellm", "features", "score", "train",  "version"};
constexpr std::array<std::string_view, 24> options{
    "--config", "--host",    "--port",   "--help",   "--weights",  "--labels",
    "--out",    "--dataset", "--name",   "--report", "--held-out", "--json",
    "--header", "--since",   "--ledger", "--route",  "--dry-run",  "--undo",
    "--again",  "--until",   "--format", "--output", "--by",       "--database-url"};

/// "unknown option '--prot'; did you mean '--port'?": CLI11 names the word but suggests nothing.
std::string unknown_word(std::string_view word)
{
    const bool is_option = word.starts_with("-");
    const auto bare = word.substr(0, word.find('='));
    const auto known = is_option ? std::span<const std::string_view>(options)
                                 : std::span<const std::string_view>(command_names);
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

CLI::App* add_training(CLI::App& app, TrainWeights& training)
{
    auto* trainer = app.add_subcommand("train", "Learn complexity weights from labelled prompts.");
    trainer->footer(train_footer);
    trainer
        ->add_option("-l,--labels", training.labels, "Labelled prompts, JSON lines; - reads stdin.")
        ->type_name("FILE")
        ->required();
    trainer->add_option("-o,--out", training.out, "Where the weights go.")->type_name("FILE");
    trainer->add_option("--dataset", training.dataset, "Only rows of this dataset.")
        ->type_name("NAME");
    trainer
        ->add_option("--held-out", training.held_out,
                     "Judge rows of this split, learn from the rest.")
        ->type_name("SPLIT");
    trainer->add_option("--name", training.name, "What the weights are called.")->type_name("TEXT");
    trainer->add_flag("--report", training.report, "Nested cross-validation too (slower).");
    return trainer;
}

CLI::App* add_explain(CLI::App& app, ExplainRequest& request)
{
    auto* explain = app.add_subcommand("explain", "Where a request would go (JSON on stdin).");
    explain->footer(explain_footer);
    explain->add_option("-c,--config", request.config, "Configuration in LiteLLM's grammar.")
        ->type_name("FILE");
    explain->add_option("--header", request.headers, "A header of the request; may be repeated.")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    explain->add_flag("--json", request.json, "Print JSON, as /route/explain does.");
    return explain;
}

CLI::App* add_replay(CLI::App& app, ReplayRecords& records)
{
    auto* replay = app.add_subcommand("replay", "What another file would have done.");
    replay->footer(replay_footer);
    replay->add_option("-c,--config", records.config, "The file to decide by.")
        ->type_name("FILE")
        ->required();
    replay
        ->add_option("--since", records.since,
                     "How far back: 7d, 12h, or a date 2026-11-14 [everything].")
        ->type_name("TIME");
    replay->add_option("--ledger", records.ledger, "Instead of the one that the file names.")
        ->type_name("FILE");
    replay->add_flag("--json", records.json, "Print JSON.");
    return replay;
}

/// What `learn` and `review` look at.
template <class Wish>
void add_comparisons(CLI::App& command, Wish& wish)
{
    command.add_option("-c,--config", wish.config, "Configuration in LiteLLM's grammar.")
        ->type_name("FILE")
        ->required();
    command
        .add_option("--since", wish.since,
                    "How far back: 7d, 12h, or a date 2026-11-14 [everything].")
        ->type_name("TIME");
    command.add_option("--ledger", wish.ledger, "Instead of the one that the file names.")
        ->type_name("FILE");
    command.add_option("--route", wish.route, "Of this route only.")->type_name("NAME");
}

CLI::App* add_learn(CLI::App& app, LearnWeights& wish)
{
    auto* learn =
        app.add_subcommand("learn", "Learn a route's complexity weights from comparisons.");
    learn->footer(learn_footer);
    add_comparisons(*learn, wish);
    learn->add_flag("--dry-run", wish.dry_run, "Say what was learned; write nothing.");
    learn->add_flag("--undo", wish.undo, "Change places with the weights before.");
    return learn;
}

CLI::App* add_review(CLI::App& app, ReviewPairs& wish)
{
    auto* review = app.add_subcommand("review", "Two models' answers side by side, judged by you.");
    review->footer(review_footer);
    add_comparisons(*review, wish);
    review->add_flag("--again", wish.again, "Also pairs that were reviewed before.");
    return review;
}

CLI::App* add_serve(CLI::App& app, Serve& serve)
{
    auto* serving = app.add_subcommand("serve", "Run the gateway.");
    serving->footer(serve_footer);
    serving->add_option("-c,--config", serve.config, "Configuration in LiteLLM's grammar.")
        ->type_name("FILE");
    serving->add_option("--host", serve.host, "Address to listen on [127.0.0.1].")
        ->type_name("ADDRESS");
    serving->add_option("-p,--port", serve.port, "Port to listen on [4000]; 0 picks a free one.")
        ->type_name("PORT")
        ->check(port_number);
    return serving;
}

CLI::App* add_check(CLI::App& app, Check& check)
{
    auto* checking = app.add_subcommand("check", "Check a configuration without serving it.");
    checking->add_option("-c,--config", check.config, "The file to check.")
        ->type_name("FILE")
        ->required();
    return checking;
}

CLI::App* add_scoring(CLI::App& app, PrintScores& scores)
{
    auto* scoring = app.add_subcommand("score", "Score prompts (JSON lines): id, tab, score.");
    scoring->add_option("-w,--weights", scores.weights, "Weights instead of the built-in ones.")
        ->type_name("FILE");
    return scoring;
}

/// All commands; the parser fills the wish of the one that is given.
class Commands {
public:
    explicit Commands(CLI::App& app)
    {
        offer(add_serve(app, serve_), serve_);
        offer(add_check(app, check_), check_);
        offer(add_explain(app, explain_), explain_);
        offer(add_replay(app, replay_), replay_);
        offer(add_review(app, review_), review_);
        offer(add_learn(app, learn_), learn_);
        const auto ledger = add_ledger(app, verify_, export_);
        offer(ledger.verify, verify_);
        offer(ledger.export_, export_);
        offer(add_spend(app, spend_), spend_);
        offer(add_import(app, import_), import_);
        offer(app.add_subcommand("features",
                                 "What the complexity score sees of prompts (JSON lines)."),
              features_);
        offer(add_scoring(app, scores_), scores_);
        offer(add_training(app, training_), training_);
        offer(app.add_subcommand("version", "Print the version."), version_);
    }
    Commands(const Commands&) = delete;
    Commands& operator=(const Commands&) = delete;

    [[nodiscard]] std::optional<Command> given() const
    {
        for (const auto& [app, wish] : offers_)
            if (app->parsed())
                return wish();
        return std::nullopt;
    }

private:
    template <class Wish>
    void offer(CLI::App* app, const Wish& wish)
    {
        offers_.emplace_back(app, [&wish] { return Command(wish); });
    }

    Serve serve_;
    Check check_;
    ExplainRequest explain_;
    ReplayRecords replay_;
    ReviewPairs review_;
    LearnWeights learn_;
    VerifyLedger verify_;
    ExportLedger export_;
    ShowSpend spend_;
    ImportKeys import_;
    PrintFeatures features_;
    PrintScores scores_;
    TrainWeights training_;
    Say version_{.exit_code = 0, .text = "spillway " SPILLWAY_VERSION "\n"};
    std::vector<std::pair<CLI::App*, std::function<Command()>>> offers_;
};

}  // namespace

namespace {

/// The help of the command that was given, however deep: "spillway ledger verify".
std::string help_of(const CLI::App& app)
{
    const auto* chosen = &app;
    std::string name;
    for (auto below = chosen->get_subcommands(); !below.empty();
         below = chosen->get_subcommands()) {
        name += name.empty() ? "spillway" : " " + chosen->get_name();
        chosen = below.front();
    }
    return chosen->help(name);
}

}  // namespace

Command read_arguments(int argc, const char* const* argv)
{
    CLI::App app(about, "spillway");
    app.footer(footer);
    app.set_version_flag("--version", "spillway " SPILLWAY_VERSION);
    Commands commands(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return Say{.exit_code = 0, .text = help_of(app)};
    } catch (const CLI::CallForVersion&) {
        return Say{.exit_code = 0, .text = "spillway " SPILLWAY_VERSION "\n"};
    } catch (const CLI::ExtrasError&) {
        return complaint(unknown_word(first_unread(app)));
    } catch (const CLI::ParseError& error) {
        return complaint(error.what());
    }
    if (auto given = commands.given())
        return *std::move(given);
    return Say{.exit_code = 0, .text = app.help()};
}

}  // namespace spillway::app
