#pragma once

#include <string>
#include <string_view>

#include "spillway/config/config.hpp"

namespace spillway::config {

/// A model's name without the provider's prefix, an organisation and Ollama's `:latest`, in lower
/// case. Another tag stays: it tells models of different sizes apart.
[[nodiscard]] std::string plain_model(std::string_view name);

/// Which vectors a deployment makes: those of two deployments with the same name here may stand in
/// one index. `model_info.vectors` where it is set, else the plain name of `base_model`, else of
/// the model. Ends in `*` where the model does.
[[nodiscard]] std::string vector_model(const Deployment& row);

}  // namespace spillway::config
