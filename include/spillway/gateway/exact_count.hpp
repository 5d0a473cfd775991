#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spillway/gateway/plan_request.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/task.hpp"

namespace spillway::gateway {

/// A local engine that could take the prompt, if the estimate is right, and could not, if its upper
/// end is.
struct DoubtfulFit {
    DeploymentIndex deployment{};
    std::string question;  ///< Body of the question: all text of the prompt.
    std::string path;      ///< Where it goes.
    Tokens beside{};       ///< What its chat template adds to the text.
};

/// Is there one among those that the request's route leads to, and can it count? Prompts with
/// images or sounds are not asked about: they are no text. Cheap for all others.
[[nodiscard]] std::optional<DoubtfulFit> doubtful_fit(const Described& described,
                                                      const InferenceRequest& request,
                                                      Services& services);

/// Asks it for the count, which takes the place of the estimate for all models of its family. The
/// text goes to nobody else. Without an answer in a quarter of a
/// second the estimate stays.
/// @param fit  Outlives the call, as do `described` and `request`.
[[nodiscard]] net::Task<void> count_exactly(const DoubtfulFit& fit, Described& described,
                                            const InferenceRequest& request, Services& services);

}  // namespace spillway::gateway
