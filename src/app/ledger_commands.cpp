#include "spillway/app/ledger_commands.hpp"

#include <fstream>
#include <ostream>

#include "spillway/app/replay.hpp"
#include "spillway/app/settings.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/export.hpp"
#include "spillway/ledger/history.hpp"
#include "spillway/ledger/verify.hpp"

namespace spillway::app {

namespace {

int complain(std::ostream& problems, const std::string& what)
{
    problems << "spillway: " << what << '\n';
    return 1;
}

std::string verdict_text(const ledger::Verdict& verdict, const std::string& path)
{
    std::string out;
    for (const auto& finding : verdict.findings)
        out += finding.check + ": " + finding.what + "\n";
    for (const auto& row : verdict.quarantined)
        out += "quarantined: " + row + "\n";
    const auto number = [](std::int64_t value) { return std::to_string(value); };
    out += printable(path) + ": " + number(verdict.records) + " records, " + verdict.spend_usd +
           " USD; sums by day through row " + number(verdict.rolled_up) + "\n";
    if (verdict.retired > 0)
        out += number(verdict.retired) + " more were taken out by age; their sums are there\n";
    if (verdict.compared_rows > 0)
        out += number(verdict.compared_rows) + " rows compared with PostgreSQL\n";
    out += verdict.findings.empty()
               ? "all is well\n"
               : number(static_cast<std::int64_t>(verdict.findings.size())) + " things are wrong\n";
    return out;
}

std::string verdict_json(const ledger::Verdict& verdict, const std::string& path)
{
    std::string out = "{\"ledger\":" + json_quoted(path);
    const auto number = [&](std::string_view name, std::int64_t value) {
        out.append(",\"").append(name).append("\":").append(std::to_string(value));
    };
    number("records", verdict.records);
    number("retired", verdict.retired);
    number("rolled_up_through", verdict.rolled_up);
    number("shipped_through", verdict.shipped);
    number("compared_rows", verdict.compared_rows);
    out += ",\"spend_usd\":" + (verdict.spend_usd.empty() ? "0" : verdict.spend_usd);
    out += ",\"quarantined\":[";
    for (const auto& row : verdict.quarantined)
        out += (&row == verdict.quarantined.data() ? "" : ",") + json_quoted(row);
    out += "],\"findings\":[";
    for (const auto& finding : verdict.findings)
        out += (&finding == verdict.findings.data() ? "" : ",") +
               ("{\"check\":" + json_quoted(finding.check)) +
               ",\"what\":" + json_quoted(finding.what) + "}";
    return out + "]}\n";
}

/// The line of one record in the format that is wanted.
using LineOf = std::string (*)(const ledger::SpendRecord&);

struct Span {
    WallTime since{};
    std::optional<WallTime> until;
};

/// Nothing after a complaint.
std::optional<Span> span_of(const ExportLedger& wish, std::ostream& problems)
{
    Span span;
    const auto now = SystemClock{}.wall();
    const auto read = [&](const std::string& text) {
        const auto time = parse_since(text, now);
        if (!time)
            complain(problems, "'" + printable(text) +
                                   "' is neither a duration like 7d or 12h nor a date like "
                                   "2026-11-14");
        return time;
    };
    if (wish.since) {
        const auto since = read(*wish.since);
        if (!since)
            return std::nullopt;
        span.since = *since;
    }
    if (wish.until) {
        span.until = read(*wish.until);
        if (!span.until)
            return std::nullopt;
    }
    return span;
}

}  // namespace

std::optional<std::string> find_ledger(const std::optional<std::string>& ledger,
                                       const std::optional<std::string>& config,
                                       std::ostream& problems)
{
    if (ledger)
        return ledger;
    open_log("warn");
    const auto environment = config::process_environment();
    const auto source = choose_source(Serve{.config = config, .host = {}, .port = {}}, environment);
    if (!source.file)
        return default_ledger_path(environment);
    const auto loaded = load(source, {}, environment);
    if (loaded.config)
        return loaded.config->ledger.path;
    for (const auto& problem : loaded.problems)
        if (problem.level == config::Problem::Level::error)
            problems << problem.where << ": " << problem.message << '\n';
    complain(problems, "the configuration has errors; name the ledger with --ledger FILE");
    return std::nullopt;
}

int verify_ledger(const VerifyLedger& wish, std::ostream& out, std::ostream& problems)
{
    const auto path = find_ledger(wish.ledger, wish.config, problems);
    if (!path)
        return 1;
    ledger::VerifyWish question;
    question.ledger_path = *path;
    if (wish.database_url)
        question.database_url = Secret{*wish.database_url};
    const auto verdict = ledger::verify(question);
    if (!verdict)
        return complain(problems, verdict.error().message());
    out << (wish.json ? verdict_json(*verdict, *path) : verdict_text(*verdict, *path));
    return verdict->findings.empty() ? 0 : 1;
}

int export_ledger(const ExportLedger& wish, std::ostream& out, std::ostream& problems)
{
    const auto span = span_of(wish, problems);
    const auto path = span ? find_ledger(wish.ledger, wish.config, problems) : std::nullopt;
    if (!path)
        return 1;
    auto history = ledger::History::open(*path);
    if (!history)
        return complain(problems, history.error().message());
    std::ofstream file;
    if (wish.output) {
        file.open(*wish.output, std::ios::binary | std::ios::trunc);
        if (!file)
            return complain(problems, "cannot write '" + printable(*wish.output) + "'");
    }
    auto& into = wish.output ? static_cast<std::ostream&>(file) : out;
    const bool csv = wish.format == "csv";
    const LineOf line_of = csv ? ledger::csv_line : ledger::json_line;
    if (csv)
        into << ledger::csv_header();
    const auto read =
        history->each(span->since, span->until,
                      [&](const ledger::SpendRecord& record) { into << line_of(record); });
    if (!read)
        return complain(problems, read.error().message());
    into.flush();
    return into ? 0 : complain(problems, "the export is not complete: writing failed");
}

}  // namespace spillway::app
