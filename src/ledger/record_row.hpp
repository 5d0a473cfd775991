#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spillway/ledger/spend_record.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// The columns of `records` in the order of the table, as `read` and the writer use them.
inline constexpr std::string_view record_columns =
    "seq, id, started, call_type, key_hash, end_user, tags, asked_model, model_group, deployment, "
    "provider, upstream_model, api_base, outcome, status, error, why, attempts, retries, "
    "fallbacks, streamed, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, "
    "reasoning_tokens, usage_source, cost_nano_usd, at_least, queue_ms, first_token_ms, total_ms, "
    "team_id, user_id, charged_nano_usd, charged_at, reference_nano_usd, replayed, "
    "engine";
inline constexpr int record_column_count = 39;

/// The question whose rows `RecordReader::read` takes: records, and how they were routed where
/// there was a choice. Restrictions and order are put behind it.
[[nodiscard]] std::string select_records();

/// The 16 bytes under which an id is stored: big-endian, so that they sort as the id does.
[[nodiscard]] std::array<unsigned char, 16> id_bytes(const RequestId& id);
/// The id that is stored as `bytes`.
[[nodiscard]] RequestId id_of(std::string_view bytes);

/// Turns rows back into records. Remembers the words it has seen; one connection, one thread.
class RecordReader {
public:
    [[nodiscard]] static Result<RecordReader> open(sqlite::Connection& connection);

    /// @param row  Stands on a row of `select_records`.
    [[nodiscard]] SpendRecord read(const sqlite::Statement& row);
    /// What a column of type ANY means: a word's text, or the text itself.
    [[nodiscard]] std::string word(const sqlite::Statement& row, int column);

private:
    explicit RecordReader(sqlite::Statement lookup) : lookup_(std::move(lookup)) {}
    [[nodiscard]] std::shared_ptr<const RouteTaken> read_routing(const sqlite::Statement& row,
                                                                 int column);

    sqlite::Statement lookup_;
    std::unordered_map<std::int64_t, std::string> words_;
};

}  // namespace spillway::ledger
