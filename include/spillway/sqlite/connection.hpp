#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "spillway/base/result.hpp"

/// The little of SQLite that is used here, with owners and `Result`.
namespace spillway::sqlite {

/// A prepared statement. Values are bound by position from 1; text and blobs are not copied, so
/// they must live until `reset`.
class Statement {
public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

    void bind(int position, std::int64_t value)
    {
        sqlite3_bind_int64(handle_.get(), position, value);
    }
    void bind(int position, std::string_view text)
    {
        // A null pointer would bind NULL, and an empty view may have one.
        sqlite3_bind_text64(handle_.get(), position, text.empty() ? "" : text.data(), text.size(),
                            SQLITE_STATIC, SQLITE_UTF8);
    }
    void bind_blob(int position, std::span<const unsigned char> bytes)
    {
        sqlite3_bind_blob64(handle_.get(), position, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
    void bind_real(int position, double value)
    {
        sqlite3_bind_double(handle_.get(), position, value);
    }
    void bind_null(int position) { sqlite3_bind_null(handle_.get(), position); }

    /// SQLITE_ROW, SQLITE_DONE or what went wrong.
    [[nodiscard]] int step() { return sqlite3_step(handle_.get()); }
    void reset() { sqlite3_reset(handle_.get()); }

    [[nodiscard]] bool is_null(int column) const { return type(column) == SQLITE_NULL; }
    [[nodiscard]] int type(int column) const { return sqlite3_column_type(handle_.get(), column); }
    [[nodiscard]] std::int64_t integer(int column) const
    {
        return sqlite3_column_int64(handle_.get(), column);
    }
    [[nodiscard]] double real(int column) const
    {
        return sqlite3_column_double(handle_.get(), column);
    }
    /// Valid until the next step.
    [[nodiscard]] std::string_view text(int column) const
    {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
        return {bytes == nullptr ? "" : bytes,
                static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
    }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Resets a statement at the end of a scope, so that no read transaction stays open.
class Running {
public:
    explicit Running(Statement& statement) : statement_(&statement) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { statement_->reset(); }

private:
    Statement* statement_;
};

enum class Access : std::uint8_t { create, write, read };

/// One connection; used by one thread at a time. Waits up to 2 s for another writer.
class Connection {
public:
    Connection() = default;
    /// @param whose  What errors call the file; a literal.
    [[nodiscard]] static Result<Connection> open(const std::string& path, Access access,
                                                 std::string_view whose = "ledger");

    /// Runs statements that return nothing of interest.
    [[nodiscard]] Result<void> run(const std::string& sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row; empty when there is none.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);
    [[nodiscard]] Result<std::string> text(std::string_view sql);

    [[nodiscard]] bool open() const { return handle_ != nullptr; }
    /// Extended result code of the last call that failed.
    [[nodiscard]] int code() const { return sqlite3_extended_errcode(handle_.get()); }
    /// What the last failed call means to the one who runs the daemon. `io_error` when the file is
    /// damaged, else `ledger_unavailable`.
    [[nodiscard]] Error error(std::string_view doing) const;
    [[nodiscard]] sqlite3* raw() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    Connection(sqlite3* handle, std::string_view whose) : handle_(handle), whose_(whose) {}
    std::unique_ptr<sqlite3, Close> handle_;
    std::string_view whose_ = "ledger";
};

/// True for the result codes that say "these bytes are no sound database".
[[nodiscard]] bool means_damage(int code);

/// True for a failed fsync: what was written may be lost although a later sync succeeds.
[[nodiscard]] bool means_failed_sync(int code);

}  // namespace spillway::sqlite
