#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace spillway::app {

/// Tells when a file of the configuration became another one. Watches the folders, not the files,
/// because editors replace files and Kubernetes swaps a symbolic link. Control thread.
class ConfigWatcher {
public:
    /// @param changed  Called at most once per 200 ms, and only when a file really differs.
    ConfigWatcher(boost::asio::io_context& control, std::function<void()> changed);

    /// Watches these files instead of the former ones, as they are now.
    void watch(std::vector<std::string> files);

private:
    /// What tells one version of a file from the next without reading it.
    struct Stamp {
        bool there = false;
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t size = 0;
        std::int64_t modified_ns = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };

    [[nodiscard]] static Stamp stamp_of(const std::string& file);
    void add_folder(const std::string& folder);
    void listen();
    void settle();

    boost::asio::posix::stream_descriptor inotify_;
    boost::asio::steady_timer quiet_;
    std::function<void()> changed_;
    std::vector<std::string> files_;
    std::vector<Stamp> stamps_;
    std::vector<int> watches_;
    bool settling_ = false;
    alignas(8) std::array<char, 4096> events_{};
};

}  // namespace spillway::app
