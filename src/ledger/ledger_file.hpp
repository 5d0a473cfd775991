#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "spillway/base/result.hpp"

/// The ledger as a file among files: who owns it, whether it is one, and where damage goes.
namespace spillway::ledger {

/// Claims `<path>.lock` for this process until destroyed. The kernel gives it back when the process
/// dies, whatever kills it. The file itself stays: it also shows that `path` is a ledger's.
class FileLock {
public:
    /// @return `ledger_unavailable`, naming the process that holds it.
    [[nodiscard]] static Result<FileLock> acquire(const std::string& path);
    FileLock(FileLock&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), was_there_(other.was_there_)
    {}
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

    /// True when an earlier process has kept a ledger at this path.
    [[nodiscard]] bool was_there() const { return was_there_; }

private:
    FileLock(int descriptor, bool was_there) : descriptor_(descriptor), was_there_(was_there) {}
    int descriptor_;
    bool was_there_;
};

/// Creates missing folders and an empty file that only its owner reads; refuses paths that are no
/// files and files that were never a ledger (they are left alone).
[[nodiscard]] Result<void> prepare_file(const std::string& path, const FileLock& lock);

/// Moves a damaged ledger and its log to `<path>.corrupt-<time>`.
/// @return The new path.
[[nodiscard]] Result<std::string> set_aside(const std::string& path);

/// Tells one file from another under the same name; {0, 0} when there is none.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
[[nodiscard]] FileIdentity identity_of(const std::string& path);

}  // namespace spillway::ledger
