#include "spillway/app/config_watcher.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <filesystem>
#include <set>
#include <utility>

#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

constexpr auto quiet_time = std::chrono::milliseconds(200);
constexpr std::uint32_t interesting =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE;

std::string folder_of(const std::filesystem::path& file)
{
    const auto folder = file.parent_path();
    return folder.empty() ? "." : folder.string();
}

}  // namespace

ConfigWatcher::ConfigWatcher(boost::asio::io_context& control, std::function<void()> changed)
    : inotify_(control), quiet_(control), changed_(std::move(changed))
{
    const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) {
        SPILLWAY_WARN("cannot watch the configuration for changes; SIGHUP still reloads it");
        return;
    }
    inotify_.assign(descriptor);
    listen();
}

void ConfigWatcher::watch(std::vector<std::string> files)
{
    files_ = std::move(files);
    stamps_.clear();
    std::set<std::string> folders;
    for (const auto& file : files_) {
        stamps_.push_back(stamp_of(file));
        folders.insert(folder_of(file));
        // Behind a symbolic link the file may be edited in place where it really is.
        std::error_code error;
        const auto real = std::filesystem::canonical(file, error);
        if (!error)
            folders.insert(folder_of(real));
    }
    if (!inotify_.is_open())
        return;
    for (const int watch : std::exchange(watches_, {}))
        inotify_rm_watch(inotify_.native_handle(), watch);
    for (const auto& folder : folders)
        add_folder(folder);
}

void ConfigWatcher::add_folder(const std::string& folder)
{
    const int watch = inotify_add_watch(inotify_.native_handle(), folder.c_str(), interesting);
    if (watch < 0) {
        SPILLWAY_WARN("cannot watch {} for changes; SIGHUP still reloads", folder);
        return;
    }
    if (std::find(watches_.begin(), watches_.end(), watch) == watches_.end())
        watches_.push_back(watch);
}

void ConfigWatcher::listen()
{
    inotify_.async_read_some(
        boost::asio::buffer(events_), [this](const boost::system::error_code& error, std::size_t) {
            if (error)
                return;
            if (!std::exchange(settling_, true)) {
                quiet_.expires_after(quiet_time);
                quiet_.async_wait([this](const boost::system::error_code& cancelled) {
                    if (!cancelled)
                        settle();
                });
            }
            listen();
        });
}

void ConfigWatcher::settle()
{
    settling_ = false;
    std::vector<Stamp> now;
    for (const auto& file : files_)
        now.push_back(stamp_of(file));
    // A file that is gone is about to be replaced: its successor makes an event of its own. One
    // that was never there is not waited for.
    bool complete = true;
    for (std::size_t i = 0; i < now.size(); ++i)
        complete = complete && (now[i].there || !stamps_[i].there);
    if (!complete || now == stamps_)
        return;
    stamps_ = std::move(now);
    changed_();
}

ConfigWatcher::Stamp ConfigWatcher::stamp_of(const std::string& file)
{
    struct stat status{};
    if (stat(file.c_str(), &status) != 0)
        return {};
    Stamp stamp;
    stamp.there = true;
    stamp.device = status.st_dev;
    stamp.inode = status.st_ino;
    stamp.size = status.st_size;
    stamp.modified_ns =
        std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
    return stamp;
}

}  // namespace spillway::app
