#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/ledger/open_calls.hpp"
#include "spillway/ledger/spend_record.hpp"

/// How a call to a deployment begins on the wire, and how records and notes name the place.
namespace spillway::gateway {

/// The deployment's name of the model: a `*` in it stands for what the client's wildcard matched.
[[nodiscard]] std::string upstream_model(const Upstream& upstream, std::string_view wildcard);

/// What a request adds to what every request to a deployment carries.
struct HeadParts {
    std::string_view method;
    std::string_view suffix;     ///< Of the path, behind the deployment's own base.
    std::string_view forwarded;  ///< Lines of the client's that are passed on, CRLF-ended.
    std::string_view content_type;
    std::optional<std::size_t> body_length;  ///< Empty: there is no body, and no type of it.
    std::string_view path = {};              ///< The whole of it, instead of base and suffix.
};

/// Request line and headers with the blank line behind them. Secret: it holds the credential.
[[nodiscard]] std::string wire_head(const Upstream& upstream, const HeadParts& parts);
/// The head of a question of our own, in JSON, that no client's request stands behind.
/// @param path  The whole of it.
[[nodiscard]] std::string question_head(const Upstream& upstream, std::string_view path,
                                        std::size_t body_length);

void name_place(ledger::SpendRecord& record, const Snapshot& snapshot, GroupIndex group,
                DeploymentIndex deployment);
/// The same; the note's views live as long as the snapshot.
void name_place(ledger::CallNote& note, const Snapshot& snapshot, GroupIndex group,
                DeploymentIndex deployment);

}  // namespace spillway::gateway
