#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/admin/view.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/model_facts.hpp"
#include "spillway/config/config.hpp"
#include "spillway/engine/model_report.hpp"
#include "spillway/guard/health.hpp"

/// Whether deployments are there, asked without any model. Pure; `HealthKeeper` does the asking.
namespace spillway::app {

/// Where an engine says that it is up; elsewhere the list of models.
[[nodiscard]] std::string check_path(const admin::Deployment& deployment);

/// The head of a question at `path`: what every request to the deployment carries, and nothing of
/// any request. Secret.
[[nodiscard]] std::string question_head(const admin::Deployment& deployment,
                                        const std::string& path);

/// The same with a body of JSON.
[[nodiscard]] std::string question_head(const admin::Deployment& deployment,
                                        const std::string& path, std::size_t body_length);

/// Where an Ollama tells what it knows of one model; empty for others.
[[nodiscard]] std::string card_path(const admin::Deployment& deployment);

/// What an answer says is wrong; empty when somebody is there. Whoever refuses is there: that our
/// key or the path is wrong is for requests to find out.
[[nodiscard]] std::string trouble_of(int status);

/// A path of the server that the deployment's `/v1` belongs to.
[[nodiscard]] std::string beside_v1(const admin::Deployment& deployment, std::string_view path);

/// What an engine's answers say of `model`. @param body  At its `report_path`.
/// @param load  What it said of its load, for all its models.
[[nodiscard]] chat::ModelFacts facts_of(engine::Kind kind, int status, std::string_view body,
                                        std::string_view model, const chat::ModelFacts& load);

/// Where its engine tells what it knows of its models; empty for others.
[[nodiscard]] std::string report_path(const admin::Deployment& deployment);

/// Is it time to ask the engine which models are loaded? Every few seconds while it is used, else
/// as often as it is looked at.
[[nodiscard]] bool report_is_due(const guard::Health& known, Millis interval, TimePoint now);

/// Is it time to look? Not while requests show how it is. One that was not there is looked for
/// every five seconds, so that it is used again soon after it is back.
[[nodiscard]] bool is_due(const guard::Health& known, Millis interval, TimePoint now);

/// Until the next look: the interval, from 200 ms to 5 s, and up to a quarter more by chance, so as
/// not to be in step with anybody else who asks the same engines.
/// @param interval  0: nobody is looked at, and whether that has changed is asked every 5 s.
/// @param draw      Uniform random bits.
[[nodiscard]] Millis pause_after(Millis interval, std::uint64_t draw);

/// Deployments that one look answers for: one provider, one credential.
struct Question {
    std::vector<std::size_t> deployments;  ///< By position in the view; never empty.
    bool check = false;                    ///< Is it there?
    bool report = false;                   ///< What does its engine know of its models?
};

/// What a round asks for: in the first interval requests and discovery show who is there.
enum class HealthRound : std::uint8_t { reports, checks_and_reports };

/// What to ask now. @param known  The health of each deployment of the view.
/// @param local  Which of them are within the local boundary; others are asked when
/// `settings.clouds`.
[[nodiscard]] std::vector<Question> questions_due(const admin::View& view,
                                                  std::span<const guard::Health> known,
                                                  const std::vector<bool>& local,
                                                  const config::HealthChecks& settings,
                                                  HealthRound round, TimePoint now);

}  // namespace spillway::app
