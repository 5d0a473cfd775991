#include "spillway/app/import_command.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

#include "spillway/app/settings.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/environment.hpp"
#include "spillway/keys/key_book.hpp"
#include "spillway/keys/litellm_import.hpp"
#include "spillway/keys/postgres_store.hpp"
#include "spillway/keys/sqlite_store.hpp"

namespace spillway::app {

namespace {

using keys::Kind;
using keys::litellm::Plan;

constexpr std::array kinds{Kind::key,      Kind::team,   Kind::user,
                           Kind::customer, Kind::budget, Kind::tag};
constexpr std::size_t most_lines = 50;

int complain(std::ostream& problems, const std::string& what)
{
    problems << "spillway: " << what << '\n';
    return 1;
}

std::string padded(std::string text, std::size_t width)
{
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string number(std::size_t value)
{
    auto text = std::to_string(value);
    return std::string(text.size() < 9 ? 9 - text.size() : 0, ' ') + text;
}

void print_counts(const Plan& plan, std::ostream& out)
{
    out << padded("", 10) << "      new     same  changed\n";
    for (const auto kind : kinds) {
        const auto found = plan.counts.find(kind);
        const auto counts = found == plan.counts.end() ? keys::litellm::Counts{} : found->second;
        out << padded(std::string(keys::word(kind)) + "s", 10) << number(counts.added)
            << number(counts.same) << number(counts.changed) << '\n';
    }
}

void print_notes(const Plan& plan, const std::vector<std::string>& missing, std::ostream& out)
{
    if (!plan.left_out.empty())
        out << "\nleft out:\n";
    std::size_t lines = 0;
    for (const auto& [what, why] : plan.left_out) {
        if (++lines > most_lines) {
            out << "  and " << plan.left_out.size() - most_lines << " more\n";
            break;
        }
        out << "  " << what << ": " << why << '\n';
    }
    if (!plan.without_effect.empty())
        out << "\nkept, but without effect here:\n";
    for (const auto& [field, records] : plan.without_effect)
        out << "  " << field << " (" << records << ")\n";
    if (!plan.unserved.empty())
        out << "\nmodels that the configuration does not serve:\n";
    for (const auto& [model, records] : plan.unserved)
        out << "  " << model << " (" << records << ")\n";
    for (const auto& table : missing)
        out << "\nthis LiteLLM has no table " << table << '\n';
}

/// Where the keys are, and which models there are.
struct Place {
    std::string ledger;
    std::optional<keys::ModelNames> served{};  ///< Empty: nobody knows.
    std::optional<Secret> shared{};            ///< The database that instances share keys in.
};

Place place_in(const config::Config& config, const ImportKeys& wish)
{
    Place place{wish.ledger.value_or(config.ledger.path), keys::ModelNames(config)};
    if (config.instances.share)
        place.shared = config.general.database_url;
    return place;
}

/// The store that the daemon has its keys in.
Result<std::unique_ptr<keys::Store>> open_store(const Place& place)
{
    if (place.shared)
        return keys::make_postgres_store(*place.shared, std::make_shared<EventDescriptor>());
    return keys::open_sqlite_store(keys::keys_path(place.ledger));
}

std::optional<Place> place_of(const ImportKeys& wish, std::ostream& problems)
{
    open_log("warn");
    const auto environment = config::process_environment();
    const auto source =
        choose_source(Serve{.config = wish.config, .host = {}, .port = {}}, environment);
    if (!source.file)
        return Place{wish.ledger.value_or(default_ledger_path(environment))};
    const auto loaded = load(source, {}, environment);
    if (loaded.config)
        return place_in(*loaded.config, wish);
    if (wish.ledger)
        return Place{*wish.ledger};
    for (const auto& problem : loaded.problems)
        if (problem.level == config::Problem::Level::error)
            problems << problem.where << ": " << problem.message << '\n';
    complain(problems, "the configuration has errors; name the ledger with --ledger FILE");
    return std::nullopt;
}

}  // namespace

int import_litellm(const ImportKeys& wish, std::ostream& out, std::ostream& problems)
{
    const auto place = place_of(wish, problems);
    if (!place)
        return 1;
    const auto now = SystemClock{}.wall();
    const auto tables = keys::litellm::read_tables(Secret{wish.database_url});
    if (!tables)
        return complain(problems, tables.error().message());
    auto imported = keys::litellm::records_of(*tables, now);
    if (!imported)
        return complain(problems, imported.error().message() + " Nothing was written.");
    auto store = open_store(*place);
    if (!store)
        return complain(problems, store.error().message());
    // Caps are brought into force by the daemon that serves.
    keys::KeyBook book(*std::move(store),
                       [](std::span<const chat::ScopeBudget>) { return Result<void>{}; });
    if (const auto read = book.load({}); !read)
        return complain(problems, read.error().message());
    auto plan =
        keys::litellm::plan_import(*std::move(imported), book.now()->catalog,
                                   place->served.value_or(keys::ModelNames::everything()), now);
    print_counts(plan, out);
    print_notes(plan, tables->missing, out);
    if (wish.dry_run) {
        out << "\nnothing was written\n";
        return 0;
    }
    if (plan.changes.empty()) {
        out << "\nnothing to do\n";
        return 0;
    }
    if (const auto written = book.apply(std::move(plan.changes)); !written)
        return complain(problems, written.error().message() + "; nothing was written");
    out << "\nwritten to "
        << (place->shared ? "PostgreSQL" : printable(keys::keys_path(place->ledger))) << '\n';
    return 0;
}

}  // namespace spillway::app
