#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/config/base_url.hpp"
#include "spillway/config/config.hpp"
#include "spillway/config/load.hpp"

/// Vendors as data: what a model prefix means (wire.md 1-5). In this version every vendor
/// but Ollama is spoken to through its OpenAI-compatible endpoint.
namespace spillway::config {

/// Where the service runs, unless the base URL says otherwise. Local engines get the patience of
/// `Upstream::local_first_token_timeout` and cost nothing unless priced.
enum class Place : std::uint8_t { local, cloud };

/// What a vendor's OpenAI-compatible endpoint does differently.
struct Quirks {
    bool rename_max_completion_tokens = false;  ///< Reads only `max_tokens` (Ollama).
    bool no_stream_options = false;             ///< 400s on `stream_options`.
    bool drop_sampling_for_new_claude =
        false;                          ///< Anthropic: temperature, top_p, top_k (wire.md 3.6).
    std::uint16_t embedding_batch = 0;  ///< Inputs of one call; 0: no limit is known.
};

struct Provider {
    std::string_view prefix;    ///< "openai", "ollama_chat", ...
    std::string_view name;      ///< LiteLLM's custom_llm_provider for records.
    std::string_view base_url;  ///< With its version segment; empty when the operator must say.
    std::string_view key_env;   ///< Environment variable of the key; empty when none is needed.
    std::string_view base_env;  ///< Environment variable of the base URL, e.g. OLLAMA_API_BASE.
    Place place = Place::cloud;
    Quirks quirks = {};
    /// `api_base` is written without its version segment, which is `suffix`.
    bool appends_v1 = false;
    std::string_view suffix = "/v1";
    std::array<std::string_view, 2> more_key_env = {};  ///< Tried after `key_env`.
    std::string_view more_base_env = {};                ///< Tried after `base_env`.
};

[[nodiscard]] std::span<const Provider> providers() noexcept;

/// The provider of a prefix ("ollama"); null when there is none.
[[nodiscard]] const Provider* find_provider(std::string_view prefix) noexcept;

/// The first of the provider's key variables that is set and not empty.
struct FoundKey {
    std::string_view variable;  ///< Static storage.
    Secret key;
};
[[nodiscard]] std::optional<FoundKey> key_from_environment(const Provider& provider,
                                                           const Environment& environment);

/// A deployment with everything the prefix and the environment decide.
struct Resolved {
    const Provider* provider = nullptr;  ///< Static storage.
    std::string upstream_model;          ///< Without prefix; may hold `*`.
    BaseUrl base;
    std::optional<Secret> api_key;
    Place place = Place::cloud;  ///< Local too when the host is loopback, private or a bare name.
    std::string warning;         ///< What was assumed that the operator should know; mostly empty.
};
/// Fails with `bad_config` on an unknown prefix (naming the nearest) or a missing base URL.
///
/// @param environment  The one the file sees (`environment_of`): keys and base URLs that the row
///                     does not set come from the provider's variables. A cloud's key is never
///                     taken from the environment for a host of the local network.
[[nodiscard]] Result<Resolved> resolve(const Deployment& deployment,
                                       const Environment& environment);

}  // namespace spillway::config
