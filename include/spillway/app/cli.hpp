#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace spillway::app {

/// `spillway serve`: what the command line says on top of the configuration.
struct Serve {
    std::optional<std::string> config;  ///< Empty: look for spillway.yaml, else discover.
    std::optional<std::string> host;
    std::optional<std::uint16_t> port;
};

/// `spillway check --config FILE`
struct Check {
    std::string config;
};

/// `spillway features < prompts.jsonl`
struct PrintFeatures {};

/// `spillway score [--weights FILE] < prompts.jsonl`
struct PrintScores {
    std::optional<std::string> weights;  ///< Empty: those in the binary.
};

/// `spillway train --labels FILE...`
struct TrainWeights {
    std::vector<std::string> labels;      ///< "-": standard input.
    std::optional<std::string> out;       ///< Empty: only report.
    std::optional<std::string> dataset;   ///< Only rows of this one.
    std::optional<std::string> held_out;  ///< Rows of this split are judged, not learned from.
    std::optional<std::string> name;      ///< What the weights say they were trained on.
    bool report = false;                  ///< Nested cross-validation too.
};

/// `spillway explain [--config FILE] < request.json`
struct ExplainRequest {
    std::optional<std::string> config;  ///< Empty: the file that `serve` would take.
    std::vector<std::string> headers;   ///< "name=value"
    bool json = false;
};

/// `spillway replay --config NEW`
struct ReplayRecords {
    std::string config;
    std::optional<std::string> since;   ///< Empty: from the first record on.
    std::optional<std::string> ledger;  ///< Empty: the one that the configuration names.
    bool json = false;
};

/// `spillway learn --config FILE`
struct LearnWeights {
    std::string config;
    std::optional<std::string> route;   ///< Empty: the only one that compares.
    std::optional<std::string> since;   ///< Empty: from the first comparison on.
    std::optional<std::string> ledger;  ///< Empty: the one that the configuration names.
    bool dry_run = false;               ///< Only report.
    bool undo = false;                  ///< Change places with the weights before.
};

/// `spillway review --config FILE`
struct ReviewPairs {
    std::string config;
    std::optional<std::string> route;   ///< Empty: all of them.
    std::optional<std::string> since;   ///< Empty: everything that was kept.
    std::optional<std::string> ledger;  ///< Empty: the one that the configuration names.
    bool again = false;                 ///< Also what was reviewed before.
};

/// `spillway ledger verify`
struct VerifyLedger {
    std::optional<std::string> ledger;  ///< Empty: the one that the configuration names.
    std::optional<std::string> config;
    std::optional<std::string> database_url;  ///< Compare with PostgreSQL, too.
    bool json = false;
};

/// `spillway ledger export`
struct ExportLedger {
    std::optional<std::string> ledger;
    std::optional<std::string> config;
    std::optional<std::string> since;
    std::optional<std::string> until;
    std::string format = "jsonl";       ///< Or "csv".
    std::optional<std::string> output;  ///< Empty: standard output.
};

/// `spillway spend`
struct ShowSpend {
    std::optional<std::string> ledger;
    std::optional<std::string> config;
    std::string since = "30d";
    std::string by = "model";
    bool json = false;
};

/// `spillway import litellm`
struct ImportKeys {
    std::string database_url;
    std::optional<std::string> ledger;
    std::optional<std::string> config;
    bool dry_run = false;  ///< Only say what would be done.
};

/// Nothing to run: print and leave. Errors go to stderr.
struct Say {
    int exit_code = 0;
    std::string text;
};

using Command = std::variant<Serve, Check, ExplainRequest, ReplayRecords, VerifyLedger,
                             ExportLedger, ShowSpend, ImportKeys, PrintFeatures, PrintScores,
                             TrainWeights, LearnWeights, ReviewPairs, Say>;

/// Reads the arguments. Never throws and never exits.
[[nodiscard]] Command read_arguments(int argc, const char* const* argv);

}  // namespace spillway::app
