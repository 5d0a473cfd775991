#pragma once

#include <CLI/CLI.hpp>

#include "spillway/app/cli.hpp"

/// The words of the commands that read a ledger.
namespace spillway::app {

struct LedgerCommands {
    CLI::App* verify;
    CLI::App* export_;
};

/// `spillway ledger verify` and `export`.
[[nodiscard]] LedgerCommands add_ledger(CLI::App& app, VerifyLedger& verify, ExportLedger& lines);
/// `spillway spend`.
[[nodiscard]] CLI::App* add_spend(CLI::App& app, ShowSpend& spend);
/// `spillway import litellm`.
[[nodiscard]] CLI::App* add_import(CLI::App& app, ImportKeys& wish);

}  // namespace spillway::app
