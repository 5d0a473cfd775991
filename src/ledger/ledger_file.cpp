#include "ledger_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"

namespace spillway::ledger {
namespace {

constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

tl::unexpected<Error> system_failure(const std::string& doing, int error)
{
    return fail(Errc::ledger_unavailable, "ledger: " + doing + ": " + std::strerror(error));
}

std::string holder(int descriptor)
{
    std::array<char, 32> text{};
    const auto length = ::pread(descriptor, text.data(), text.size() - 1, 0);
    const std::string_view digits{text.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
    const auto end =
        std::find_if(digits.begin(), digits.end(), [](char c) { return c < '0' || c > '9'; });
    return end == digits.begin() ? "another process"
                                 : "process " + std::string{digits.begin(), end};
}

/// A file that SQLite or a power cut may have left: empty, zeros, or with SQLite's first bytes.
Result<bool> may_be_ours(const std::string& path)
{
    constexpr std::string_view magic{"SQLite format 3\0", 16};
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return system_failure("opening '" + path + "'", errno);
    }
    std::array<char, magic.size()> head{};
    const auto length = ::read(descriptor, head.data(), head.size());
    const int error = errno;
    ::close(descriptor);
    if (length < 0) {
        return system_failure("reading '" + path + "'", error);
    }
    const std::string_view seen{head.data(), static_cast<std::size_t>(length)};
    return seen == magic.substr(0, seen.size()) ||
           seen.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path)
{
    std::error_code ignored;
    const auto folder = std::filesystem::path{path}.parent_path();
    if (!folder.empty()) {
        // A folder that cannot be made shows as an error of the open below.
        std::filesystem::create_directories(folder, ignored);
    }
    const std::string name = path + ".lock";
    const bool was_there = std::filesystem::exists(name, ignored);
    const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only);
    if (descriptor < 0) {
        return system_failure("opening '" + name + "'", errno);
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        const std::string who = holder(descriptor);
        ::close(descriptor);
        if (error == EWOULDBLOCK) {
            return fail(Errc::ledger_unavailable, "ledger: '" + path + "' is in use by " + who +
                                                      "; stop it or set another ledger.path");
        }
        return system_failure("locking '" + name + "'", error);
    }
    const std::string self = std::to_string(::getpid()) + "\n";
    // The number is only there to name the holder; a full disk must not keep us from starting.
    if (::ftruncate(descriptor, 0) == 0) {
        (void)!::pwrite(descriptor, self.data(), self.size(), 0);
    }
    return FileLock{descriptor, was_there};
}

FileLock::~FileLock()
{
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<void> prepare_file(const std::string& path, const FileLock& lock)
{
    // The mode is the reason to create it here: SQLite gives its log the mode of the file.
    const int created =
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, owner_only);
    if (created >= 0) {
        ::close(created);
        return {};
    }
    if (errno != EEXIST) {
        return system_failure("creating '" + path + "'", errno);
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return system_failure("looking at '" + path + "'", errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(Errc::bad_config, "ledger: '" + path + "' is not a regular file");
    }
    auto ours = may_be_ours(path);
    if (!ours) {
        return fail(std::move(ours).error());
    }
    if (!*ours && !lock.was_there()) {
        return fail(
            Errc::bad_config,
            "ledger: '" + path + "' holds something that is not a ledger; it was left alone");
    }
    return {};
}

Result<std::string> set_aside(const std::string& path)
{
    std::string stamp = rfc3339(SystemClock{}.wall());
    std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
    const std::string target = path + ".corrupt-" + stamp;
    if (::rename(path.c_str(), target.c_str()) != 0) {
        return system_failure("setting '" + path + "' aside", errno);
    }
    const std::string log = path + "-wal";
    if (::rename(log.c_str(), (target + "-wal").c_str()) != 0 && errno != ENOENT) {
        return system_failure("setting '" + log + "' aside", errno);
    }
    // Shared memory is derived from the log; left behind, it would describe the wrong one.
    ::unlink((path + "-shm").c_str());
    return target;
}

FileIdentity identity_of(const std::string& path)
{
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return {};
    }
    return {status.st_dev, status.st_ino};
}

}  // namespace spillway::ledger
