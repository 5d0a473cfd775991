#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/kept_answer.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/guard/replays.hpp"
#include "spillway/net/exchange.hpp"

/// Requests that are the same as another: by their idempotency key, or because they are coalesced.
namespace spillway::gateway {

struct InferenceRequest;
struct Services;

/// A request's part among those that are the same. Only requests that carry a key or may be
/// coalesced have one; all others pay for a null pointer.
struct SameRequest {
    enum class By : std::uint8_t { key, coalescing };

    By by = By::key;
    std::string idempotency_key;  ///< As the client sent it; empty when coalesced.
    std::string key;              ///< Digest of what makes requests the same.
    std::string request;          ///< Digest of the request.
    std::optional<guard::Replays::Lead> lead;

    // What the client gets of the answer, as far as it may be kept.
    int status = 200;
    std::string headers;
    std::string body;
    std::size_t most_bytes = 0;
    bool too_large = false;

    /// Notes what is sent to the client.
    void add(std::string_view bytes);
    void begin(int with_status, std::string_view lines)
    {
        status = with_status;
        headers = lines;
    }
};

/// Checks the key that a request came with (both headers may name it, if they agree).
/// @return The key, empty when there is none; `invalid_request` when it is none.
[[nodiscard]] Result<std::string_view> idempotency_key(std::string_view idempotency_key,
                                                       std::string_view x_idempotency_key);

/// Is the request one that is compared with others? Then it gets its `SameRequest`, digests
/// included. Requests are the same only when nothing in their heads (`fields`) or in their keys
/// could send them to different places: what stays local is never answered with what a cloud said.
[[nodiscard]] bool compare_with_others(InferenceRequest& request, const net::Fields& fields);

enum class Joined : std::uint8_t { leads, answered };

/// Leads, or waits for the one that leads and sends its answer, with a record of its own. Waits no
/// longer than the request's own timeout, and not beyond the client's leaving.
/// @return `idempotency_conflict`, `client_gone` or `upstream_timeout`.
[[nodiscard]] net::Task<Result<Joined>> join_same(InferenceRequest& request,
                                                  net::Exchange& exchange, Services& services);

/// The answer was recorded and is complete: it is kept, and given to those who wait for it. Call it
/// before the last bytes go out; anything but a complete good answer lets the next one lead.
void hand_on(InferenceRequest& request, const Outcome& outcome, Services& services);

}  // namespace spillway::gateway
