#include "ledger_reader.hpp"

#include <utility>

namespace spillway::ledger {
namespace {

/// A question that takes longer is given up: the query thread serves everybody.
constexpr std::chrono::seconds patience{20};
constexpr int steps_between_looks = 20'000;

}  // namespace

Result<void> LedgerReader::refresh()
{
    give_up_at_ = std::chrono::steady_clock::now() + patience;
    const auto now = identity_of(path_);
    if (connection_.open() && now == identity_) {
        return {};
    }
    records_.reset();
    connection_ = {};
    auto fresh = sqlite::Connection::open(path_, sqlite::Access::read);
    if (!fresh) {
        return fail(Errc::ledger_unavailable, fresh.error().message());
    }
    auto words = RecordReader::open(*fresh);
    if (!words) {
        return fail(Errc::ledger_unavailable, words.error().message());
    }
    sqlite3_progress_handler(
        fresh->raw(), steps_between_looks,
        [](void* self) {
            const auto& reader = *static_cast<LedgerReader*>(self);
            return std::chrono::steady_clock::now() > reader.give_up_at_ ? 1 : 0;
        },
        this);
    connection_ = std::move(*fresh);
    records_.emplace(std::move(*words));
    identity_ = now;
    return {};
}

Result<sqlite::Statement> LedgerReader::prepare(const std::string& sql)
{
    auto statement = connection_.prepare(sql);
    if (!statement) {
        return fail(failed());
    }
    return statement;
}

Result<std::int64_t> LedgerReader::word_id(const std::string& text)
{
    auto statement = prepare("SELECT id FROM words WHERE text = ?1");
    if (!statement) {
        return fail(std::move(statement).error());
    }
    statement->bind(1, text);
    return statement->step() == SQLITE_ROW ? statement->integer(0) : -1;
}

Error LedgerReader::failed() const
{
    if ((connection_.code() & 0xFF) == SQLITE_INTERRUPT) {
        return Error{Errc::overloaded, "the question covers too many records; narrow its dates"};
    }
    return Error{Errc::ledger_unavailable, connection_.error("reading").message()};
}

}  // namespace spillway::ledger
