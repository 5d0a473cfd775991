// A mock of an OpenAI-compatible upstream that costs as little as one can: one thread, epoll, ready
// made answers. Usage: bench_upstream PORT
//
// A chat completion gets a 600-byte answer. With `"stream":true` it gets server-sent events:
// `max_tokens` of them, one per `seed` milliseconds (both are ordinary OpenAI parameters, so every
// proxy forwards them), then a finish chunk, a usage chunk when it was asked for, and [DONE].
// As OpenAI does, chunks carry `"usage":null` when usage was asked for.

#include <algorithm>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sockets.hpp"

namespace {

using namespace bench;

constexpr std::size_t kept_body = 4096;  ///< Streams are asked for with small bodies.

struct Connection {
    int fd = -1;
    std::string input;  ///< The head, then up to `kept_body` bytes of the body.
    std::size_t body_left = 0;
    bool in_body = false;
    std::string unsent;
    std::uint64_t stream = 0;  ///< Number of the running stream; 0: none.
    std::int64_t events_left = 0;
    std::int64_t period_ns = 0;
    bool usage_asked = false;
};

/// The next event of a stream. Entries of streams that ended are skipped.
struct Due {
    std::int64_t when;
    Connection* connection;
    std::uint64_t stream;
    friend bool operator<(const Due& a, const Due& b) { return a.when > b.when; }
};

std::string chunked(std::string_view bytes)
{
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

std::string event(std::string_view delta, std::string_view finish, bool usage_asked)
{
    std::string text =
        R"(data: {"id":"chatcmpl-BenchBenchBenchBenchBenchBench0","object":"chat.completion.chunk",)"
        R"("created":1763731200,"model":"mock-model-2026-11-01","service_tier":"default",)"
        R"("system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":)";
    text.append(delta).append(R"(,"logprobs":null,"finish_reason":)").append(finish);
    text += usage_asked ? "}],\"usage\":null}\n\n" : "}]}\n\n";
    return chunked(text);
}

/// The pieces of a stream, framed; one set for each answer to "was usage asked for".
struct StreamText {
    std::string head, first, delta, last;

    explicit StreamText(bool usage_asked)
    {
        head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
            "cache-control: no-cache\r\nx-request-id: req_bench\r\n"
            "transfer-encoding: chunked\r\n\r\n";
        first = event(R"({"role":"assistant","content":"","refusal":null})", "null", usage_asked) +
                event(R"({"content":"The"})", "null", usage_asked);
        delta = event(R"({"content":" answer"})", "null", usage_asked);
        last = event("{}", R"("stop")", usage_asked);
        if (usage_asked) {
            last += chunked(
                R"(data: {"id":"chatcmpl-BenchBenchBenchBenchBenchBench0",)"
                R"("object":"chat.completion.chunk","created":1763731200,)"
                R"("model":"mock-model-2026-11-01","choices":[],"usage":{"prompt_tokens":251,)"
                R"("completion_tokens":40,"total_tokens":291,)"
                R"("prompt_tokens_details":{"cached_tokens":0}}})"
                "\n\n");
        }
        last += chunked("data: [DONE]\n\n") + "0\r\n\r\n";
    }
};

/// A whole answer with a body of exactly 600 bytes.
std::string whole_answer()
{
    const std::string before =
        R"({"id":"chatcmpl-BenchBenchBenchBenchBenchBench0","object":"chat.completion",)"
        R"("created":1763731200,"model":"mock-model-2026-11-01","choices":[{"index":0,)"
        R"("message":{"role":"assistant","content":")";
    const std::string after =
        R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":251,)"
        R"("completion_tokens":40,"total_tokens":291,"prompt_tokens_details":{"cached_tokens":0},)"
        R"("completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default"})";
    std::string content;
    while (before.size() + content.size() + after.size() < 600)
        content += "0123456789 abcdefghij "[content.size() % 22];
    const std::string body = before + content + after;
    return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " +
           std::to_string(body.size()) +
           "\r\nx-request-id: req_bench\r\nopenai-processing-ms: 1\r\n\r\n" + body;
}

/// The integer behind `"name":` in `body`, blanks allowed; `otherwise` when it is not there.
std::int64_t number_after(std::string_view body, std::string_view name, std::int64_t otherwise)
{
    const auto found = body.find(name);
    if (found == std::string_view::npos)
        return otherwise;
    return std::strtoll(std::string(body.substr(found + name.size(), 20)).c_str(), nullptr, 10);
}

bool says_true(std::string_view body, std::string_view name)
{
    const auto found = body.find(name);
    if (found == std::string_view::npos)
        return false;
    const auto value = body.find_first_not_of(' ', found + name.size());
    return value != std::string_view::npos && body.substr(value, 4) == "true";
}

class Upstream {
public:
    explicit Upstream(std::uint16_t port) : epoll_(epoll_create1(0)), listener_(listen_on(port))
    {
        watch(epoll_, listener_, EPOLLIN, nullptr, EPOLL_CTL_ADD);
    }

    [[noreturn]] void run()
    {
        std::vector<epoll_event> events(512);
        for (;;) {
            const int count = wait(events);
            for (int i = 0; i < count; ++i) {
                auto* connection = static_cast<Connection*>(events[std::size_t(i)].data.ptr);
                if (connection == nullptr)
                    accept_all();
                else
                    serve(*connection, events[std::size_t(i)].events);
            }
            send_due(now_ns());
        }
    }

private:
    int wait(std::vector<epoll_event>& events)
    {
        timespec timeout{};
        if (!due_.empty()) {
            const std::int64_t left = std::max<std::int64_t>(0, due_.top().when - now_ns());
            timeout.tv_sec = left / 1'000'000'000;
            timeout.tv_nsec = left % 1'000'000'000;
        }
        const int count = epoll_pwait2(epoll_, events.data(), int(events.size()),
                                       due_.empty() ? nullptr : &timeout, nullptr);
        if (count < 0 && errno != EINTR)
            die("epoll_pwait2");
        return count;
    }

    void accept_all()
    {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0)
                return;
            no_delay(fd);
            auto connection = std::make_unique<Connection>();
            connection->fd = fd;
            watch(epoll_, fd, EPOLLIN | EPOLLRDHUP, connection.get(), EPOLL_CTL_ADD);
            if (connections_.size() <= std::size_t(fd))
                connections_.resize(std::size_t(fd) + 1);
            connections_[std::size_t(fd)] = std::move(connection);
        }
    }

    void serve(Connection& connection, std::uint32_t events)
    {
        if (connection.fd < 0)
            return;  // closed earlier in this round
        if ((events & EPOLLOUT) != 0)
            flush(connection);
        if (connection.fd >= 0 && (events & ~std::uint32_t{EPOLLOUT}) != 0)
            read(connection);
    }

    void read(Connection& connection)
    {
        const ssize_t got = recv(connection.fd, buffer_, sizeof buffer_, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            close_now(connection);
            return;
        }
        take(connection, std::string_view(buffer_, std::size_t(got)));
    }

    void take(Connection& connection, std::string_view bytes)
    {
        if (!connection.in_body) {
            connection.input.append(bytes);
            const auto end = connection.input.find("\r\n\r\n");
            if (end == std::string::npos)
                return;
            connection.body_left =
                content_length(std::string_view(connection.input).substr(0, end));
            connection.in_body = true;
            const std::string rest = connection.input.substr(end + 4);
            connection.input.clear();
            take_body(connection, rest);
            return;
        }
        take_body(connection, bytes);
    }

    void take_body(Connection& connection, std::string_view bytes)
    {
        const std::size_t used = std::min(bytes.size(), connection.body_left);
        const std::size_t room = kept_body - std::min(kept_body, connection.input.size());
        connection.input.append(bytes.substr(0, std::min(room, used)));
        connection.body_left -= used;
        if (connection.body_left != 0)
            return;
        const std::string body = std::exchange(connection.input, {});
        connection.in_body = false;
        answer(connection, body);
    }

    /// Names come in any case; a request without the field has no body.
    static std::size_t content_length(std::string_view head)
    {
        static constexpr std::string_view name = "content-length:";
        for (std::size_t line = head.find('\n'); line != std::string_view::npos;
             line = head.find('\n', line + 1)) {
            const auto text = head.substr(line + 1, name.size());
            if (text.size() == name.size() &&
                strncasecmp(text.data(), name.data(), name.size()) == 0)
                return std::strtoull(head.data() + line + 1 + name.size(), nullptr, 10);
        }
        return 0;
    }

    void answer(Connection& connection, std::string_view body)
    {
        if (!says_true(body, "\"stream\":")) {
            write(connection, whole_);
            return;
        }
        connection.usage_asked = says_true(body, "\"include_usage\":");
        connection.events_left = number_after(body, "\"max_tokens\":", 10);
        connection.period_ns = number_after(body, "\"seed\":", 5) * 1'000'000;
        connection.stream = ++streams_;
        write(connection, text(connection).head + text(connection).first);
        // Spread evenly over the period, however the streams were opened (golden ratio).
        const double phase = double(streams_) * 0.6180339887498949;
        const double share = phase - double(std::int64_t(phase));
        due_.push({now_ns() + std::int64_t(share * double(connection.period_ns)), &connection,
                   connection.stream});
    }

    void send_due(std::int64_t now)
    {
        while (!due_.empty() && due_.top().when <= now) {
            Due due = due_.top();
            due_.pop();
            Connection& connection = *due.connection;
            if (connection.fd < 0 || connection.stream != due.stream)
                continue;
            if (connection.events_left-- <= 0) {
                connection.stream = 0;
                write(connection, text(connection).last);
                continue;
            }
            write(connection, text(connection).delta);
            due.when += connection.period_ns;
            due_.push(due);
        }
    }

    const StreamText& text(const Connection& connection) const
    {
        return connection.usage_asked ? asked_ : plain_;
    }

    void write(Connection& connection, std::string_view bytes)
    {
        if (!connection.unsent.empty()) {
            connection.unsent.append(bytes);
            return;
        }
        const ssize_t sent = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent == ssize_t(bytes.size()))
            return;
        if (sent < 0 && errno != EAGAIN) {
            close_now(connection);
            return;
        }
        connection.unsent.assign(bytes.substr(std::size_t(std::max<ssize_t>(sent, 0))));
        watch(epoll_, connection.fd, EPOLLIN | EPOLLRDHUP | EPOLLOUT, &connection, EPOLL_CTL_MOD);
    }

    void flush(Connection& connection)
    {
        const std::string bytes = std::exchange(connection.unsent, {});
        watch(epoll_, connection.fd, EPOLLIN | EPOLLRDHUP, &connection, EPOLL_CTL_MOD);
        write(connection, bytes);
    }

    void close_now(Connection& connection)
    {
        const int fd = std::exchange(connection.fd, -1);
        close(fd);
        connection.stream = 0;
        graveyard_.push_back(std::move(connections_[std::size_t(fd)]));
    }

    int epoll_;
    int listener_;
    std::vector<std::unique_ptr<Connection>> connections_;  ///< By descriptor.
    std::vector<std::unique_ptr<Connection>> graveyard_;    ///< `due_` may still point here.
    std::priority_queue<Due> due_;
    std::uint64_t streams_ = 0;
    const std::string whole_ = whole_answer();
    const StreamText plain_{false};
    const StreamText asked_{true};
    char buffer_[256 * 1024];
};

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fputs("usage: bench_upstream PORT\n", stderr);
        return 2;
    }
    raise_descriptor_limit();
    std::make_unique<Upstream>(std::uint16_t(std::atoi(argv[1])))->run();
}
