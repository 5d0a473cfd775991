#include <sched.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>

#include "load.hpp"
#include "sockets.hpp"

namespace bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Failures by count, the first one in words.
class Failures {
public:
    void add(const Client& client)
    {
        if (count_++ == 0)
            std::fprintf(stderr, "bench_load: status %d%s %s\n", client.reply.status(),
                         client.lost ? ", connection lost" : "", client.reply.beginning().c_str());
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// A run that fails more often than this measures nothing.
    [[nodiscard]] bool hopeless() const { return count_ > 1000; }

private:
    std::uint64_t count_ = 0;
};

/// Calls `ready` for each client with bytes to read, until `stop` or the moment `until`.
void turn(int epoll, std::int64_t until, const std::function<void(Client&)>& ready,
          const std::function<bool()>& stop)
{
    static std::vector<epoll_event> events(1024);
    for (;;) {
        const std::int64_t left = until - now_ns();
        if (left <= 0 || stop())
            return;
        const timespec timeout{left / second_ns, left % second_ns};
        const int count = epoll_pwait2(epoll, events.data(), int(events.size()), &timeout, nullptr);
        for (int i = 0; i < count; ++i) {
            auto& client = *static_cast<Client*>(events[std::size_t(i)].data.ptr);
            if (client.ready(events[std::size_t(i)].events))
                ready(client);
        }
    }
}

bool never()
{
    return false;
}

double percentile(std::vector<std::int64_t>& sorted, double share)
{
    if (sorted.empty())
        return 0;
    const auto at = std::size_t(share * double(sorted.size() - 1));
    return double(sorted[at]) / 1000.0;
}

/// Latencies as JSON members, in microseconds.
void print_latencies(std::vector<std::int64_t>& latencies)
{
    std::sort(latencies.begin(), latencies.end());
    std::printf("\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f", percentile(latencies, 0.5),
                percentile(latencies, 0.9), percentile(latencies, 0.99));
}

using Clients = std::vector<std::unique_ptr<Client>>;

/// A fresh connection in the place of a lost one.
Client& replace(Clients& clients, const Client& lost, int epoll, std::uint16_t port)
{
    const auto found = std::find_if(clients.begin(), clients.end(),
                                    [&](const auto& client) { return client.get() == &lost; });
    *found = std::make_unique<Client>(epoll, port);
    return **found;
}

/// Streams that are opened a few at a time and counted while they run.
class Streams {
public:
    Streams(const Settings& settings, long events_each)
        : settings_(settings),
          epoll_(epoll_create1(0)),
          request_(stream_request(settings, events_each))
    {}
    ~Streams()
    {
        clients_.clear();
        close(epoll_);
    }
    Streams(const Streams&) = delete;

    /// Opens streams until `count` are open and each has had its first event.
    void open(std::size_t count)
    {
        constexpr std::size_t at_once = 128;
        const std::int64_t give_up = now_ns() + 40 * second_ns;
        while (begun_ < count && now_ns() < give_up && !failures_.hopeless()) {
            while (clients_.size() < count && clients_.size() - begun_ < at_once) {
                clients_.push_back(std::make_unique<Client>(epoll_, settings_.port));
                clients_.back()->send(request_, now_ns());
            }
            const std::size_t before = begun_;
            run(now_ns() + second_ns, [&] { return begun_ != before; });
        }
    }

    void run(std::int64_t until, const std::function<bool()>& stop = never)
    {
        turn(epoll_, until, [this](Client& client) { count(client); }, stop);
    }

    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::size_t begun() const { return begun_; }
    [[nodiscard]] std::uint64_t failures() const { return failures_.count(); }

private:
    void count(Client& client)
    {
        if (client.lost || client.reply.done()) {
            failures_.add(client);
            if (client.lost)
                replace(clients_, client, epoll_, settings_.port).send(request_, now_ns());
            return;
        }
        const std::uint64_t all = client.reply.events();
        begun_ += client.events_counted == 0 && all != 0 ? 1 : 0;
        events_ += all - client.events_counted;
        client.events_counted = all;
    }

    const Settings& settings_;
    int epoll_;
    std::string request_;
    Clients clients_;
    std::uint64_t events_ = 0;
    std::size_t begun_ = 0;
    Failures failures_;
};

}  // namespace

int closed_loop(const Settings& settings)
{
    const int epoll = epoll_create1(0);
    const std::string request = chat_request(settings);
    Clients clients;
    Failures failures;
    std::uint64_t answered = 0;
    std::vector<std::int64_t> latencies;
    for (int i = 0; i < settings.connections; ++i) {
        clients.push_back(std::make_unique<Client>(epoll, settings.port));
        clients.back()->send(request, now_ns());
    }
    const auto ready = [&](Client& client) {
        if (client.lost) {
            failures.add(client);
            replace(clients, client, epoll, settings.port).send(request, now_ns());
            return;
        }
        if (!client.reply.done())
            return;
        if (client.reply.status() != 200 || client.reply.surplus())
            failures.add(client);
        const std::int64_t now = now_ns();
        ++answered;
        latencies.push_back(now - client.began_ns);
        client.send(request, now);
    };
    const auto hopeless = [&] { return failures.hopeless(); };
    turn(epoll, now_ns() + std::int64_t(settings.warmup * 1e9), ready, hopeless);
    answered = 0;
    latencies.clear();
    const std::int64_t cpu_before = cpu_ns(settings.watched);
    const std::int64_t began = now_ns();
    turn(epoll, began + std::int64_t(settings.seconds * 1e9), ready, hopeless);
    const std::int64_t cpu = cpu_ns(settings.watched) - cpu_before;
    const double seconds = double(now_ns() - began) / 1e9;
    std::printf(
        "{\"requests\":%llu,\"per_second\":%.0f,\"cpu_us\":%.3f,\"proxy_busy\":%.3f,"
        "\"failures\":%llu,",
        static_cast<unsigned long long>(answered), double(answered) / seconds,
        double(cpu) / 1000.0 / double(std::max<std::uint64_t>(answered, 1)),
        double(cpu) / 1e9 / seconds, static_cast<unsigned long long>(failures.count()));
    print_latencies(latencies);
    std::puts("}");
    return 0;
}

int open_loop(const Settings& settings)
{
    const int epoll = epoll_create1(0);
    const std::string request = chat_request(settings);
    Clients clients;
    std::vector<Client*> idle;
    Failures failures;
    std::vector<std::int64_t> latencies;
    const auto ready = [&](Client& client) {
        if (!client.lost && !client.reply.done())
            return;
        if (client.lost || client.reply.status() != 200)
            failures.add(client);
        else
            latencies.push_back(now_ns() - client.began_ns);
        idle.push_back(client.lost ? &replace(clients, client, epoll, settings.port) : &client);
    };
    const auto count = std::size_t(settings.rate * (settings.seconds + settings.warmup));
    const auto warm = std::size_t(settings.rate * settings.warmup);
    const auto step = std::int64_t(1e9 / settings.rate);
    const std::int64_t start = now_ns() + step;
    for (std::size_t i = 0; i < count && !failures.hopeless(); ++i) {
        const std::int64_t due = start + std::int64_t(i) * step;
        turn(epoll, due, ready, never);
        if (i == warm)
            latencies.clear();
        if (idle.empty()) {
            clients.push_back(std::make_unique<Client>(epoll, settings.port));
            idle.push_back(clients.back().get());
        }
        Client& client = *idle.back();
        idle.pop_back();
        client.send(request, due);
    }
    turn(epoll, now_ns() + second_ns, ready, [&] { return idle.size() == clients.size(); });
    std::printf("{\"requests\":%zu,\"failures\":%llu,", latencies.size(),
                static_cast<unsigned long long>(failures.count()));
    print_latencies(latencies);
    std::puts("}");
    return 0;
}

int steady_streams(const Settings& settings)
{
    const double life = (settings.seconds + settings.warmup + 60) * 1000.0;
    Streams streams(settings, long(life / settings.period_ms));
    streams.open(std::size_t(settings.streams.front()));
    streams.run(now_ns() + std::int64_t(settings.warmup * 1e9));
    const std::uint64_t events_before = streams.events();
    const std::int64_t cpu_before = cpu_ns(settings.watched);
    const std::int64_t began = now_ns();
    streams.run(began + std::int64_t(settings.seconds * 1e9));
    const double events = double(streams.events() - events_before);
    const std::int64_t cpu = cpu_ns(settings.watched) - cpu_before;
    const double seconds = double(now_ns() - began) / 1e9;
    std::printf(
        "{\"streams\":%zu,\"events_per_second\":%.0f,\"cpu_us\":%.3f,\"proxy_busy\":%.3f,"
        "\"failures\":%llu}\n",
        streams.begun(), events / seconds, double(cpu) / 1000.0 / std::max(events, 1.0),
        double(cpu) / 1e9 / seconds, static_cast<unsigned long long>(streams.failures()));
    return 0;
}

int held_streams(const Settings& settings)
{
    const Memory idle = memory(settings.watched);
    std::printf("{\"idle_bytes\":%lld,\"idle_anonymous_bytes\":%lld,\"levels\":[",
                static_cast<long long>(idle.all), static_cast<long long>(idle.anonymous));
    Streams streams(settings, 1'000'000);
    const char* comma = "";
    for (const int level : settings.streams) {
        streams.open(std::size_t(level));
        streams.run(now_ns() + second_ns / 2);
        const Memory now = memory(settings.watched);
        std::printf("%s{\"streams\":%zu,\"bytes\":%lld,\"bytes_per_stream\":%.0f}", comma,
                    streams.begun(), static_cast<long long>(now.all),
                    double(now.all - idle.all) / double(std::max<std::size_t>(streams.begun(), 1)));
        comma = ",";
    }
    std::printf("],\"failures\":%llu}\n", static_cast<unsigned long long>(streams.failures()));
    return 0;
}

namespace {

pid_t start_program(const Settings& settings)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    if (settings.cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(std::size_t(settings.cpu), &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    std::vector<char*> arguments;
    for (const std::string& argument : settings.command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
}

/// Asks the child to end and waits three seconds for it before it insists. A child that
/// died already is a zombie until here, so its number is still ours.
void end_program(pid_t child)
{
    kill(child, SIGTERM);
    for (int i = 0; i < 300; ++i) {
        if (waitpid(child, nullptr, WNOHANG) != 0)
            return;
        const timespec pause{0, 10'000'000};
        nanosleep(&pause, nullptr);
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

/// One blocking request. True when a 200 came.
bool answers(const Settings& settings, const std::string& request)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(settings.port);
    const timeval patience{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool good = false;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        send(fd, request.data(), request.size(), MSG_NOSIGNAL) == ssize_t(request.size())) {
        char status[16];
        const ssize_t got = recv(fd, status, sizeof status, MSG_WAITALL);
        good = got == sizeof status && std::string_view(status, 12) == "HTTP/1.1 200";
    }
    close(fd);
    return good;
}

}  // namespace

int first_answer(const Settings& settings)
{
    if (settings.command.empty())
        return 2;
    const std::string request = chat_request(settings);
    const std::int64_t began = now_ns();
    const pid_t child = start_program(settings);
    bool good = false;
    while (!(good = answers(settings, request)) && now_ns() - began < 10 * second_ns) {
        siginfo_t ended{};
        waitid(P_PID, id_t(child), &ended, WEXITED | WNOHANG | WNOWAIT);
        if (ended.si_pid != 0)
            break;
        const timespec pause{0, 200'000};
        nanosleep(&pause, nullptr);
    }
    const double took = double(now_ns() - began) / 1e6;
    end_program(child);
    std::printf("{\"ms\":%.2f,\"failures\":%d}\n", took, good ? 0 : 1);
    return 0;
}

}  // namespace bench
