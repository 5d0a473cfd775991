#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/config/config.hpp"
#include "spillway/config/load.hpp"

/// Vendors as data: what a model prefix means (wire.md 1-5). In this version every vendor is
/// spoken to through its OpenAI-compatible endpoint.
namespace spillway::config {

/// Where the service runs, unless the base URL says otherwise. Local engines get the patience of
/// `Upstream::local_first_token_timeout` and cost nothing unless priced.
enum class Place : std::uint8_t { local, cloud };

/// What a vendor's OpenAI-compatible endpoint does differently.
struct Quirks {
    bool rename_max_completion_tokens = false;  ///< Reads only `max_tokens` (Ollama).
    bool no_stream_options = false;             ///< 400s on `stream_options`.
    bool drop_sampling_for_new_claude = false;  ///< Anthropic: temperature, top_p, top_k (wire.md 3.6).
};

struct Provider {
    std::string_view prefix;    ///< "openai", "ollama_chat", ...
    std::string_view name;      ///< LiteLLM's custom_llm_provider for records.
    std::string_view base_url;  ///< With its version segment; empty when the operator must say.
    std::string_view key_env;   ///< Environment variable of the key; empty when none is needed.
    std::string_view base_env;  ///< Environment variable of the base URL, e.g. OLLAMA_API_BASE.
    Place place = Place::cloud;
    Quirks quirks;
    bool appends_v1 = false;  ///< `api_base` is written without /v1 (Ollama, llama.cpp).
};

[[nodiscard]] std::span<const Provider> providers() noexcept;

/// A parsed http(s) origin and base path.
struct BaseUrl {
    bool tls = false;
    std::string host;  ///< Without brackets.
    std::uint16_t port = 0;
    std::string path;  ///< "/v1", no trailing slash; may be empty.
};
/// Fails on another scheme, user info, a query, a fragment or a missing host.
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view url);

/// A deployment with everything the prefix and the environment decide.
struct Resolved {
    const Provider* provider = nullptr;  ///< Static storage.
    std::string upstream_model;          ///< Without prefix; may hold `*`.
    BaseUrl base;
    std::optional<Secret> api_key;
    Place place = Place::cloud;  ///< Local too when the host is loopback, private or a bare name.
};
/// Fails with `bad_config` on an unknown prefix (naming the nearest) or a missing base URL.
[[nodiscard]] Result<Resolved> resolve(const Deployment& deployment,
                                       const Environment& environment);

}  // namespace spillway::config
