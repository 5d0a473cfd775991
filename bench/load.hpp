#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "reply_reader.hpp"

namespace bench {

/// What the command line said.
struct Settings {
    std::uint16_t port = 0;
    std::string key = "sk-bench";
    std::string model = "bench";
    std::vector<pid_t> watched;  ///< The proxy's processes: their CPU time and memory are read.
    double seconds = 1;
    double warmup = 0.3;
    int connections = 64;
    std::size_t body_bytes = 1024;
    double rate = 200;              ///< Requests per second, open loop.
    std::vector<int> streams{200};  ///< Levels, rising.
    int period_ms = 5;              ///< Between two events of a stream.
    bool ask_usage = false;
    int cpu = -1;                      ///< Where the program started by `first` runs; -1: anywhere.
    std::vector<std::string> command;  ///< For `first`.
};

/// CPU time (user and system, all threads) of the watched processes, in nanoseconds.
[[nodiscard]] std::int64_t cpu_ns(const std::vector<pid_t>& pids);

/// Resident memory of the watched processes, in bytes.
struct Memory {
    std::int64_t all = 0;
    std::int64_t anonymous = 0;
};
[[nodiscard]] Memory memory(const std::vector<pid_t>& pids);

/// A chat request of `body_bytes` bytes, head included in front. The head is what OpenAI's Python
/// SDK sends.
[[nodiscard]] std::string chat_request(const Settings& settings);
/// A chat request for a stream of `events` events.
[[nodiscard]] std::string stream_request(const Settings& settings, long events);

/// One keep-alive connection of the load.
class Client {
public:
    Client(int epoll, std::uint16_t port);
    ~Client();
    Client(const Client&) = delete;

    /// Sends a request; the rest of a partial write follows when the socket takes it.
    void send(const std::string& request, std::int64_t began_ns);
    /// Handles readiness. True when bytes of the reply came.
    bool ready(std::uint32_t events);

    ReplyReader reply;
    std::int64_t began_ns = 0;
    std::uint64_t events_counted = 0;  ///< Of `reply.events()`, how many the mode has counted.
    bool lost = false;                 ///< Closed or reset by the other side.

private:
    void write_rest();

    int epoll_;
    int fd_;
    const std::string* request_ = nullptr;
    std::size_t sent_ = 0;
    bool waits_to_write_ = false;
};

/// The modes. Each prints one line of JSON on stdout and returns the exit status.
int closed_loop(const Settings& settings);
int open_loop(const Settings& settings);
int steady_streams(const Settings& settings);
int held_streams(const Settings& settings);
int first_answer(const Settings& settings);

}  // namespace bench
