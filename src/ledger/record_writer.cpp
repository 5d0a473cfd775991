#include "record_writer.hpp"

#include <algorithm>

#include "record_row.hpp"
#include "spillway/base/text.hpp"

namespace spillway::ledger {
namespace {

constexpr std::size_t most_words = 4'096;
constexpr std::size_t longest_word = 256;
constexpr std::size_t longest_text = 4'096;
constexpr std::size_t longest_tags = 16'384;
constexpr std::string_view tags_too_long = "[\"spillway: too long\"]";
/// Records per row of `blocks`: small enough to skip time ranges, large enough to cost nothing.
constexpr std::int64_t block_size = 1'024;

bool plain(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<signed char>(c) > 0; });
}

/// `text` as both databases can hold it: no U+0000, UTF-8 only, within the limit.
std::string storable(std::string_view text, std::size_t limit)
{
    std::string kept{text};
    std::erase(kept, '\0');
    return printable(kept, limit);
}

int note_log_size(void* pages, sqlite3*, const char*, int count)
{
    static_cast<std::atomic<int>*>(pages)->store(count, std::memory_order_relaxed);
    return SQLITE_OK;
}

}  // namespace

Result<Words> Words::load(sqlite::Connection& connection)
{
    auto insert = connection.prepare("INSERT INTO words (id, text) VALUES (?1, ?2)");
    auto all = connection.prepare("SELECT id, text FROM words");
    if (!insert || !all) {
        return fail(connection.error("reading the words"));
    }
    Words words{std::move(*insert)};
    int code = all->step();
    for (; code == SQLITE_ROW; code = all->step()) {
        words.ids_.emplace(all->text(1), all->integer(0));
        words.next_ = std::max(words.next_, all->integer(0) + 1);
    }
    if (code != SQLITE_DONE) {
        return fail(connection.error("reading the words"));
    }
    return words;
}

std::optional<std::int64_t> Words::id_of(const std::string& text)
{
    if (text.empty()) {
        return 0;
    }
    if (const auto known = ids_.find(text); known != ids_.end()) {
        return known->second;
    }
    if (ids_.size() >= most_words || text.size() > longest_word || !plain(text)) {
        return std::nullopt;
    }
    const sqlite::Running running{insert_};
    insert_.bind(1, next_);
    insert_.bind(2, text);
    if (insert_.step() != SQLITE_DONE) {
        sound_ = false;
        return std::nullopt;
    }
    fresh_.push_back(text);
    ids_.emplace(text, next_);
    return next_++;
}

void Words::rolled_back()
{
    for (const auto& text : fresh_) {
        ids_.erase(text);
    }
    fresh_.clear();
    sound_ = true;
}

Result<std::unique_ptr<RecordWriter>> RecordWriter::open(sqlite::Connection connection)
{
    std::unique_ptr<RecordWriter> writer{new RecordWriter};
    writer->connection_ = std::move(connection);
    if (auto ready = writer->prepare(); !ready) {
        return fail(std::move(ready).error());
    }
    if (auto found = writer->find_position(); !found) {
        return fail(std::move(found).error());
    }
    sqlite3_wal_hook(writer->connection_.raw(), note_log_size, &writer->log_pages_);
    return writer;
}

RecordWriter::~RecordWriter()
{
    if (connection_.open()) {
        sqlite3_wal_hook(connection_.raw(), nullptr, nullptr);
    }
}

Result<void> RecordWriter::prepare()
{
    std::string insert = "INSERT INTO records (" + std::string{record_columns} + ") VALUES (?1";
    for (int i = 2; i <= record_column_count; ++i) {
        insert += ",?" + std::to_string(i);
    }
    insert += ") ON CONFLICT (id) DO NOTHING";
    const auto ready = [&](const char* sql, sqlite::Statement& into) {
        auto statement = connection_.prepare(sql);
        if (statement) {
            into = std::move(*statement);
        }
        return statement.has_value();
    };
    if (!ready("BEGIN IMMEDIATE", begin_) || !ready("COMMIT", commit_) ||
        !ready(insert.c_str(), insert_) ||
        !ready("INSERT INTO blocks (last_seq, first_seq, min_started, max_started) "
               "VALUES (?1, ?2, ?3, ?4)",
               close_block_) ||
        !ready("UPDATE keeper SET probes = probes + 1, ballast = randomblob(65536)", probe_)) {
        return fail(connection_.error("preparing"));
    }
    auto words = Words::load(connection_);
    if (!words) {
        return fail(std::move(words).error());
    }
    words_.emplace(std::move(*words));
    return {};
}

Result<void> RecordWriter::find_position()
{
    auto state = connection_.prepare(
        "SELECT coalesce(max(seq), 0) + 1, coalesce(min(started), 0), coalesce(max(started), 0), "
        "(SELECT coalesce(max(last_seq), 0) FROM blocks) + 1, "
        "(SELECT coalesce(max(seq), 0) + 1 FROM records) "
        "FROM records WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM blocks)");
    if (!state || state->step() != SQLITE_ROW) {
        return fail(connection_.error("finding the end"));
    }
    position_.min_started = state->integer(1);
    position_.max_started = state->integer(2);
    position_.block_first = state->integer(3);
    position_.next_seq = std::max(state->integer(3), state->integer(4));
    return {};
}

Result<void> RecordWriter::append(std::span<const SpendRecord> records)
{
    const Position before = position_;
    if (!run(begin_) || !insert_all(records) || !run(commit_)) {
        Error error = give_up();
        position_ = before;
        return fail(std::move(error));
    }
    words_->committed();
    return {};
}

Result<void> RecordWriter::probe()
{
    if (!run(probe_)) {
        return fail(give_up());
    }
    return {};
}

void RecordWriter::fold_log()
{
    // When it fails, the log stays and is read at the next start.
    (void)sqlite3_wal_checkpoint_v2(connection_.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                    nullptr);
}

bool RecordWriter::insert_all(std::span<const SpendRecord> records)
{
    return std::all_of(records.begin(), records.end(),
                       [this](const SpendRecord& record) { return insert(record); });
}

bool RecordWriter::insert(const SpendRecord& record)
{
    // Bound text is not copied: `cleaned_` must not move while the statement runs.
    cleaned_.clear();
    cleaned_.reserve(record_column_count);
    const auto id = id_bytes(record.id);
    int at = 1;
    const auto number = [&](std::int64_t value) { insert_.bind(at++, value); };
    const auto amount = [&](std::int64_t value) { number(std::max<std::int64_t>(value, 0)); };
    const auto word = [&](const std::string& text) { bind_word(at++, text); };

    number(position_.next_seq);
    insert_.bind_blob(at++, id);
    number(record.started.time_since_epoch().count());
    word(record.call_type);
    word(record.key_hash);
    bind_text(at++, record.end_user, longest_text);
    // Cut in the middle it would not be JSON any more.
    const bool too_long = record.tags.size() > longest_tags;
    bind_text(at++, too_long ? tags_too_long : std::string_view{record.tags}, longest_tags);
    if (record.asked_model == record.group) {
        word(record.asked_model);
    } else {
        // Clients may ask for any name: such names must not fill the dictionary.
        bind_text(at++, record.asked_model, longest_text);
    }
    word(record.group);
    word(record.deployment_id);
    word(record.provider);
    word(record.upstream_model);
    word(record.api_base);
    number(static_cast<std::int64_t>(record.outcome));
    number(record.status);
    word(record.error);
    bind_text(at++, record.why, longest_text);
    number(record.attempts);
    number(record.retries);
    number(record.fallbacks);
    number(record.streamed ? 1 : 0);
    amount(count(record.usage.prompt));
    amount(count(record.usage.completion));
    amount(count(record.usage.cached));
    amount(count(record.usage.cache_write));
    amount(count(record.usage.reasoning));
    number(static_cast<std::int64_t>(record.usage.source));
    record.cost ? amount(count(*record.cost)) : insert_.bind_null(at++);
    number(record.at_least ? 1 : 0);
    amount(record.queue.count());
    record.first_token ? amount(record.first_token->count()) : insert_.bind_null(at++);
    amount(record.total.count());

    if (!words_->sound() || !run(insert_)) {
        return false;
    }
    if (sqlite3_changes(connection_.raw()) == 0) {
        return true;  // Written before: an append whose answer was lost was tried again.
    }
    return advance(record.started.time_since_epoch().count());
}

bool RecordWriter::advance(std::int64_t started)
{
    auto& at = position_;
    const bool first = at.next_seq == at.block_first;
    at.min_started = first ? started : std::min(at.min_started, started);
    at.max_started = first ? started : std::max(at.max_started, started);
    const std::int64_t seq = at.next_seq++;
    if (seq - at.block_first + 1 < block_size) {
        return true;
    }
    close_block_.bind(1, seq);
    close_block_.bind(2, at.block_first);
    close_block_.bind(3, at.min_started);
    close_block_.bind(4, at.max_started);
    at.block_first = at.next_seq;
    return run(close_block_);
}

void RecordWriter::bind_word(int position, const std::string& text)
{
    if (const auto id = words_->id_of(text)) {
        insert_.bind(position, *id);
        return;
    }
    bind_text(position, text, longest_text);
}

void RecordWriter::bind_text(int position, std::string_view text, std::size_t limit)
{
    if (text.size() <= limit && plain(text)) {
        insert_.bind(position, text);
        return;
    }
    insert_.bind(position, cleaned_.emplace_back(storable(text, limit)));
}

bool RecordWriter::run(sqlite::Statement& statement)
{
    const int code = statement.step();
    if (code != SQLITE_DONE) {
        return false;  // Reset by give_up, after the error was read.
    }
    statement.reset();
    return true;
}

Error RecordWriter::give_up()
{
    const int code = connection_.code();
    Error error = connection_.error("writing");
    suspect_ = sqlite::means_damage(code) || sqlite::means_failed_sync(code);
    for (auto* statement : {&begin_, &insert_, &close_block_, &probe_, &commit_}) {
        statement->reset();
    }
    if (sqlite3_get_autocommit(connection_.raw()) == 0 && !connection_.run("ROLLBACK")) {
        suspect_ = true;
    }
    words_->rolled_back();
    return error;
}

}  // namespace spillway::ledger
