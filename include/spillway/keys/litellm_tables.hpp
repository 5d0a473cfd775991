#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"

/// What a LiteLLM keeps in PostgreSQL of keys and what belongs to them (litellm-surface 2.12), as
/// it is read from there.
namespace spillway::keys::litellm {

/// How a column is read, so that the text says the same whatever the server's settings are.
enum class Form : std::uint8_t {
    text,    ///< Text, numbers, truth values, JSON.
    list,    ///< An array of text, as JSON.
    moment,  ///< Microseconds since 1970-01-01 UTC.
};

struct Column {
    const char* name;
    Form form;
};

/// A table of LiteLLM's, with the columns that an import wants. Those that are not there are as if
/// they were null: older versions have fewer.
struct TableShape {
    const char* name;
    std::span<const char* const> ids;  ///< The columns that a row is named by; they must be there.
    std::span<const Column> columns;
    const char* label;  ///< A column that tells people which row is meant; may be empty.
};

/// One row: the columns that are not null.
using TableRow = std::map<std::string, std::string, std::less<>>;

struct Tables {
    std::vector<TableRow> keys;
    std::vector<TableRow> teams;
    std::vector<TableRow> memberships;
    std::vector<TableRow> users;
    std::vector<TableRow> customers;
    std::vector<TableRow> budgets;
    std::vector<TableRow> tags;
    std::vector<TableRow> organizations;
    std::vector<TableRow> model_aliases;  ///< Of teams.
    std::vector<std::string> missing;     ///< Tables that this LiteLLM does not have.
};

/// The tables, in the order of reading.
struct Reading {
    const TableShape* shape;
    std::vector<TableRow> Tables::* rows;
};
[[nodiscard]] std::span<const Reading> readings() noexcept;
[[nodiscard]] const TableShape& key_table() noexcept;

/// Reads all of them in one moment's state. Blocking; writes nothing.
/// @return `database_unavailable`; `bad_config` for a URL that is none, and for a database without
///         LiteLLM's keys.
[[nodiscard]] Result<Tables> read_tables(const Secret& database_url);

}  // namespace spillway::keys::litellm
