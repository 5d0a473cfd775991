#include "row_insert.hpp"

#include <algorithm>
#include <string_view>

#include "record_row.hpp"
#include "storable.hpp"

namespace spillway::ledger {
namespace {

using Slot = RowInsert::Slot;
using Kind = Slot::Kind;

constexpr std::size_t longest_text = 4'096;
constexpr std::size_t longest_tags = 16'384;
constexpr std::string_view tags_too_long = "[\"spillway: too long\"]";

/// Goes through the parameters of one row in their order.
class Filler {
public:
    Filler(sqlite::Statement& statement, Slot* first, int position, Words& words)
        : statement_(statement), slot_(first), position_(position), words_(words)
    {}

    void number(std::int64_t value)
    {
        if (slot_->kind != Kind::number || slot_->number != value) {
            slot_->kind = Kind::number;
            slot_->number = value;
            statement_.bind(position_, value);
        }
        next();
    }
    /// Nothing that is counted can be below zero.
    void amount(std::int64_t value) { number(std::max<std::int64_t>(value, 0)); }
    void null()
    {
        if (slot_->kind != Kind::null) {
            slot_->kind = Kind::null;
            statement_.bind_null(position_);
        }
        next();
    }
    void bytes(std::span<const unsigned char> value)
    {
        statement_.bind_blob(position_, value);
        next();
    }
    void text(std::string_view value, std::size_t limit)
    {
        if (slot_->kind != Kind::text || slot_->text != value) {
            slot_->kind = Kind::text;
            slot_->text = storable(value, limit);
            statement_.bind(position_, slot_->text);
        }
        next();
    }
    void word(const std::string& value)
    {
        if (slot_->kind == Kind::word && slot_->text == value) {
            next();
            return;
        }
        const auto id = words_.id_of(value);
        if (!id) {
            text(value, longest_text);
            return;
        }
        slot_->kind = Kind::word;
        slot_->text = value;
        statement_.bind(position_, *id);
        next();
    }

private:
    void next()
    {
        ++slot_;
        ++position_;
    }

    sqlite::Statement& statement_;
    Slot* slot_;
    int position_;
    Words& words_;
};

}  // namespace

Result<RowInsert> RowInsert::prepare(sqlite::Connection& connection, std::size_t rows)
{
    std::string row = "(?";
    for (int i = 1; i < record_column_count; ++i) {
        row += ",?";
    }
    row += ')';
    std::string sql = "INSERT INTO records (" + std::string{record_columns} + ") VALUES " + row;
    for (std::size_t i = 1; i < rows; ++i) {
        sql += "," + row;
    }
    auto statement = connection.prepare(sql);
    if (!statement) {
        return fail(std::move(statement).error());
    }
    RowInsert insert;
    insert.statement_ = std::move(*statement);
    insert.slots_.resize(rows * record_column_count);
    insert.ids_.resize(rows);
    return insert;
}

void RowInsert::bind(std::size_t row, std::int64_t seq, const SpendRecord& record, Words& words)
{
    const std::size_t first = row * record_column_count;
    auto& id = ids_[row];
    id = id_bytes(record.id);
    Filler to{statement_, &slots_[first], static_cast<int>(first) + 1, words};
    to.number(seq);
    to.bytes(id);
    to.number(record.started.time_since_epoch().count());
    to.word(record.call_type);
    to.word(record.key_hash);
    to.text(record.end_user, longest_text);
    // Cut in the middle it would not be JSON any more.
    const bool too_long = record.tags.size() > longest_tags;
    to.text(too_long ? tags_too_long : std::string_view{record.tags}, longest_tags);
    if (record.asked_model == record.group) {
        to.word(record.asked_model);
    } else {
        // Clients may ask for any name: such names must not fill the dictionary.
        to.text(record.asked_model, longest_text);
    }
    to.word(record.group);
    to.word(record.deployment_id);
    to.word(record.provider);
    to.word(record.upstream_model);
    to.word(record.api_base);
    to.number(static_cast<std::int64_t>(record.outcome));
    to.number(record.status);
    to.word(record.error);
    to.text(record.why, longest_text);
    to.number(record.attempts);
    to.number(record.retries);
    to.number(record.fallbacks);
    to.number(record.streamed ? 1 : 0);
    to.amount(count(record.usage.prompt));
    to.amount(count(record.usage.completion));
    to.amount(count(record.usage.cached));
    to.amount(count(record.usage.cache_write));
    to.amount(count(record.usage.reasoning));
    to.number(static_cast<std::int64_t>(record.usage.source));
    record.cost ? to.amount(count(*record.cost)) : to.null();
    to.number(record.at_least ? 1 : 0);
    to.amount(record.queue.count());
    record.first_token ? to.amount(record.first_token->count()) : to.null();
    to.amount(record.total.count());
    to.word(record.team_id);
    to.word(record.user_id);
    record.charged ? to.amount(count(*record.charged)) : to.null();
    record.charged_at ? to.number(record.charged_at->time_since_epoch().count()) : to.null();
    record.reference_cost ? to.amount(count(*record.reference_cost)) : to.null();
    to.number(record.replayed ? 1 : 0);
    // Most records have none; cut in the middle it would not be JSON any more.
    record.engine.empty() || record.engine.size() > longest_text
        ? to.null()
        : to.text(record.engine, longest_text);
}

void RowInsert::forget()
{
    statement_.reset();
    for (auto& slot : slots_) {
        slot.kind = Kind::unbound;
    }
}

}  // namespace spillway::ledger
