#include "cli_ledger.hpp"

#include <string>
#include <vector>

#include "spillway/app/spend_command.hpp"

namespace spillway::app {

namespace {

constexpr const char* verify_footer =
    "Looks at every record: ids are unique, no number is missing, sums by day are those of the\n"
    "records, nothing is below zero; with --database-url, PostgreSQL has what it confirmed. "
    "Writes\n"
    "nothing, and a daemon may run meanwhile. One line for each thing that is wrong; the exit "
    "code\n"
    "is then 1.\n";

constexpr const char* export_footer =
    "All columns, exact decimals, RFC 3339 times. Columns keep their order; new ones come last.\n"
    "The order of the lines is that in which the records were written.\n";

constexpr const char* spend_footer =
    "Days are those of UTC, and whole: --since 30d begins with the day of thirty days ago. Local "
    "is\n"
    "the share of requests that machines of yours served. What was saved is what these would have\n"
    "cost at the prices of the reference model, less what they did cost.\n";

constexpr const char* import_footer =
    "Keys are known by their hashes, so every client goes on with the key it has. Teams, users,\n"
    "customers, budgets and tags come along; what was spent counts. All of it or nothing is "
    "written;\n"
    "again, it brings what has changed there. A daemon that runs takes them up within seconds. "
    "The\n"
    "URL may also be in the environment, as DATABASE_URL.\n";

void add_places(CLI::App& app, std::optional<std::string>& ledger,
                std::optional<std::string>& config)
{
    app.add_option("--ledger", ledger, "Instead of the one that the configuration names.")
        ->type_name("FILE");
    app.add_option("-c,--config", config, "Configuration that names the ledger.")
        ->type_name("FILE");
}

}  // namespace

LedgerCommands add_ledger(CLI::App& app, VerifyLedger& verify, ExportLedger& lines)
{
    auto* ledger = app.add_subcommand("ledger", "Verify or export the ledger.");
    ledger->require_subcommand(1);
    auto* verifying =
        ledger->add_subcommand("verify", "Check that every sum follows from sound records.");
    verifying->footer(verify_footer);
    add_places(*verifying, verify.ledger, verify.config);
    verifying
        ->add_option("--database-url", verify.database_url,
                     "Compare with the PostgreSQL that records were shipped to.")
        ->type_name("URL");
    verifying->add_flag("--json", verify.json, "Print JSON.");

    auto* exporting = ledger->add_subcommand("export", "Print the records.");
    exporting->footer(export_footer);
    add_places(*exporting, lines.ledger, lines.config);
    exporting
        ->add_option("--since", lines.since,
                     "From here on: 7d, 12h, or a date 2026-11-14 [everything].")
        ->type_name("TIME");
    exporting->add_option("--until", lines.until, "What started before: as --since [now].")
        ->type_name("TIME");
    exporting->add_option("--format", lines.format, "csv or jsonl [jsonl].")
        ->type_name("FORMAT")
        ->check(CLI::IsMember(std::vector<std::string>{"csv", "jsonl"}).description(""));
    exporting->add_option("-o,--output", lines.output, "Where to write [standard output].")
        ->type_name("FILE");
    return {verifying, exporting};
}

CLI::App* add_spend(CLI::App& app, ShowSpend& spend)
{
    auto* showing = app.add_subcommand("spend", "What was spent, and what local engines saved.");
    showing->footer(spend_footer);
    add_places(*showing, spend.ledger, spend.config);
    showing
        ->add_option("--since", spend.since, "How far back: 7d, 12h, or a date 2026-11-14 [30d].")
        ->type_name("TIME");
    showing
        ->add_option("--by", spend.by,
                     "model, group, deployment, provider, key, team, user, end_user, tag or day "
                     "[model].")
        ->type_name("WHAT")
        ->check(CLI::IsMember(spend_dimensions()).description(""));
    showing->add_flag("--json", spend.json, "Print JSON.");
    return showing;
}

CLI::App* add_import(CLI::App& app, ImportKeys& wish)
{
    auto* importing = app.add_subcommand("import", "Take over the keys of another gateway.");
    importing->require_subcommand(1);
    auto* litellm = importing->add_subcommand("litellm", "From the PostgreSQL of a LiteLLM.");
    litellm->footer(import_footer);
    litellm->add_option("--database-url", wish.database_url, "LiteLLM's PostgreSQL.")
        ->type_name("URL")
        ->envname("DATABASE_URL")
        ->required();
    litellm->add_flag("--dry-run", wish.dry_run, "Say what would be done; write nothing.");
    add_places(*litellm, wish.ledger, wish.config);
    return litellm;
}

}  // namespace spillway::app
