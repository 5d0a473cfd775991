#include <cstdio>
#include <exception>
#include <iostream>

#include "spillway/app/check.hpp"
#include "spillway/app/cli.hpp"
#include "spillway/app/daemon.hpp"
#include "spillway/app/explain_command.hpp"
#include "spillway/app/import_command.hpp"
#include "spillway/app/learn.hpp"
#include "spillway/app/ledger_commands.hpp"
#include "spillway/app/replay.hpp"
#include "spillway/app/review.hpp"
#include "spillway/app/scoring.hpp"
#include "spillway/app/spend_command.hpp"

namespace {

int run(const spillway::app::Command& command)
{
    if (const auto* serve = std::get_if<spillway::app::Serve>(&command))
        return spillway::app::serve(*serve);
    if (const auto* check = std::get_if<spillway::app::Check>(&command))
        return spillway::app::check(*check);
    if (const auto* explain = std::get_if<spillway::app::ExplainRequest>(&command))
        return spillway::app::explain_request(*explain, std::cin, std::cout, std::cerr);
    if (const auto* replay = std::get_if<spillway::app::ReplayRecords>(&command))
        return spillway::app::replay(*replay, std::cout, std::cerr);
    if (const auto* verify = std::get_if<spillway::app::VerifyLedger>(&command))
        return spillway::app::verify_ledger(*verify, std::cout, std::cerr);
    if (const auto* lines = std::get_if<spillway::app::ExportLedger>(&command))
        return spillway::app::export_ledger(*lines, std::cout, std::cerr);
    if (const auto* spend = std::get_if<spillway::app::ShowSpend>(&command))
        return spillway::app::show_spend(*spend, std::cout, std::cerr);
    if (const auto* keys = std::get_if<spillway::app::ImportKeys>(&command))
        return spillway::app::import_litellm(*keys, std::cout, std::cerr);
    if (std::holds_alternative<spillway::app::PrintFeatures>(command))
        return spillway::app::print_features(std::cin, std::cout, std::cerr);
    if (const auto* scores = std::get_if<spillway::app::PrintScores>(&command))
        return spillway::app::print_scores(*scores, std::cin, std::cout, std::cerr);
    if (const auto* training = std::get_if<spillway::app::TrainWeights>(&command))
        return spillway::app::train_weights(*training, std::cin, std::cout, std::cerr);
    if (const auto* learn = std::get_if<spillway::app::LearnWeights>(&command))
        return spillway::app::learn_weights(*learn, std::cout, std::cerr);
    if (const auto* review = std::get_if<spillway::app::ReviewPairs>(&command))
        return spillway::app::review_pairs(*review, spillway::app::process_screen(), std::cin,
                                           std::cout, std::cerr);
    const auto& say = std::get<spillway::app::Say>(command);
    std::fputs(say.text.c_str(), say.exit_code == 0 ? stdout : stderr);
    return say.exit_code;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run(spillway::app::read_arguments(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "spillway: %s\n", error.what());
        return 1;
    }
}
