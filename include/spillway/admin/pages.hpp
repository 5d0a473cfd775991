#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/admin/archive.hpp"
#include "spillway/admin/view.hpp"
#include "spillway/base/result.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"
#include "spillway/observe/metrics.hpp"

/// The operator's endpoints (litellm-surface 2.9), without HTTP: a path and a query in, a status
/// and a body out. `app` joins them with the front door.
namespace spillway::admin {

enum class Page : std::uint8_t {
    liveness,
    readiness,
    health,
    metrics,
    spend_logs,
    global_spend,
    global_spend_logs,
    models,
    model_groups,
};

enum class Access : std::uint8_t { anyone, operator_only };

/// The page at `path`, with or without `/v1` in front and a slash behind; empty when it is none of
/// ours.
[[nodiscard]] std::optional<Page> find_page(std::string_view path);
[[nodiscard]] Access access(Page page) noexcept;

struct Parameter {
    std::string name;
    std::string value;
};

struct Request {
    Page page = Page::liveness;
    std::vector<Parameter> query;

    /// The first value of that name; empty when absent.
    [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept;
};

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
    const std::function<Vitals()>& vitals;
    std::shared_ptr<const View> view;
};

/// Makes the page. `desk` outlives the task; the view it begins with is the one it ends with.
[[nodiscard]] net::Task<Result<Reply>> answer(Request request, const Desk& desk);

}  // namespace spillway::admin
