#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/admin/archive.hpp"
#include "spillway/admin/key_desk.hpp"
#include "spillway/admin/names.hpp"
#include "spillway/admin/places.hpp"
#include "spillway/admin/view.hpp"
#include "spillway/base/result.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"
#include "spillway/observe/metrics.hpp"

/// The operator's endpoints (litellm-surface 2.9), without HTTP: a page, a query and a body in, a
/// status and a body out. `app` joins them with the front door.
namespace spillway::admin {

struct Parameter {
    std::string name;
    std::string value;
};

/// A question that the asker may ask. `caller` is valid as long as the snapshot that knew it.
struct Request {
    Page page = Page::liveness;
    std::vector<Parameter> query;
    std::string segment{};  ///< Of the path, where it names something: "/key/{}/regenerate".
    std::string body{};     ///< As sent; at most `most_body` bytes.
    chat::Caller caller{};  ///< Nobody where `Access::anyone` is enough.
    keys::CallName call{};  ///< Of a `key_call`.
    Names names{};          ///< Of who is in the answer.

    /// The first value of that name; empty when absent.
    [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept;
};

/// Bodies are settings of one thing: what is larger is a mistake.
inline constexpr std::size_t most_body = std::size_t{1} << 20;

/// Decodes a query string. Fails with `invalid_request` on a bad escape.
[[nodiscard]] Result<std::vector<Parameter>> read_query(std::string_view query);

struct Reply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
};

/// What the pages read; one per shard, used on its thread. `view` is replaced by a message.
struct Desk {
    net::Shard& shard;
    observe::Metrics& metrics;
    Archive& archive;
    KeyDesk& keys;
    const std::function<Vitals()>& vitals;
    std::shared_ptr<const View> view;
};

/// Makes the page. `desk` outlives the task; the view it begins with is the one it ends with.
[[nodiscard]] net::Task<Result<Reply>> answer(Request request, const Desk& desk);

}  // namespace spillway::admin
