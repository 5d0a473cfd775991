#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"

namespace spillway::postgres {

struct Library;

/// A `database_url` as libpq wants it, with the secrets known so that they can be kept out of logs.
struct DatabaseUrl {
    std::vector<std::pair<std::string, std::string>> parameters;  ///< libpq keyword and value.
    std::string search_path;  ///< Prisma's `schema`; empty means the role's own.
    std::string place;        ///< "host:port/database", for logs.
    std::vector<std::string> secrets;

    /// One printable line of `message` in which no secret is left.
    [[nodiscard]] std::string without_secrets(std::string_view message) const;
};

/// Reads a connection URI or a keyword list. What LiteLLM's users have there for Prisma
/// (`connection_limit`, `schema`, ...) is understood or left out, where libpq would refuse it.
/// @return `bad_config` without quoting the text.
[[nodiscard]] Result<DatabaseUrl> read_database_url(const Library& pq, const Secret& text);

}  // namespace spillway::postgres
