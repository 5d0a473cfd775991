// The load of bench/run: see `usage` below. One thread, epoll. The modes are in load_modes.cpp.

#include "load.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string_view>

#include "sockets.hpp"

namespace bench {

std::int64_t cpu_ns(const std::vector<pid_t>& pids)
{
    std::int64_t sum = 0;
    for (const pid_t pid : pids) {
        clockid_t clock{};
        timespec used{};
        if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
            die("the watched process is gone");
        sum += std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
    }
    return sum;
}

Memory memory(const std::vector<pid_t>& pids)
{
    Memory sum;
    for (const pid_t pid : pids) {
        std::ifstream status("/proc/" + std::to_string(pid) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("VmRSS:"))
                sum.all += std::atoll(line.c_str() + 6) * 1024;
            else if (line.starts_with("RssAnon:"))
                sum.anonymous += std::atoll(line.c_str() + 8) * 1024;
        }
    }
    return sum;
}

namespace {

/// Prompt text with what prompts have: sentences, line ends, quotes, code, letters beyond ASCII.
std::string prompt(std::size_t bytes)
{
    static constexpr std::string_view text =
        "Please read the report below and say in three sentences what changed since last week.\\n"
        "The \\\"north\\\" group moved 42 items; the south group, none. Zo\xc3\xab wrote: "
        "caf\xc3\xa9 "
        "at 9.\\n\\tfor (int i = 0; i < n; ++i) { total += price[i] * count[i]; }\\n\\n";
    std::string result;
    while (result.size() + text.size() <= bytes)
        result += text;
    result.append(bytes - result.size(), '.');
    return result;
}

std::string with_head(const Settings& settings, const std::string& body)
{
    std::ostringstream head;
    head << "POST /v1/chat/completions HTTP/1.1\r\n"
         << "Host: localhost:" << settings.port << "\r\n"
         << "Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
         << "Accept: application/json\r\nContent-Type: application/json\r\n"
         << "User-Agent: OpenAI/Python 2.8.1\r\nX-Stainless-Lang: python\r\n"
         << "X-Stainless-Package-Version: 2.8.1\r\nX-Stainless-OS: Linux\r\n"
         << "X-Stainless-Arch: x64\r\nX-Stainless-Runtime: CPython\r\n"
         << "X-Stainless-Runtime-Version: 3.11.2\r\nX-Stainless-Async: false\r\n"
         << "Authorization: Bearer " << settings.key << "\r\n"
         << "x-stainless-retry-count: 0\r\nx-stainless-read-timeout: 600\r\n"
         << "Content-Length: " << body.size() << "\r\n\r\n";
    return head.str() + body;
}

std::string body_of(const Settings& settings, const std::string& more)
{
    const std::string before =
        "{\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful "
        "assistant.\"},{\"role\":\"user\",\"content\":\"";
    const std::string after =
        "\"}],\"model\":\"" + settings.model + "\",\"temperature\":0.2" + more + "}";
    const std::size_t frame = before.size() + after.size();
    const std::size_t room = settings.body_bytes > frame ? settings.body_bytes - frame : 0;
    return before + prompt(room) + after;
}

}  // namespace

std::string chat_request(const Settings& settings)
{
    return with_head(settings, body_of(settings, ",\"max_tokens\":100"));
}

std::string stream_request(const Settings& settings, long events)
{
    std::string more = ",\"stream\":true,\"max_tokens\":" + std::to_string(events) +
                       ",\"seed\":" + std::to_string(settings.period_ms);
    if (settings.ask_usage)
        more += ",\"stream_options\":{\"include_usage\":true}";
    return with_head(settings, body_of(settings, more));
}

Client::Client(int epoll, std::uint16_t port) : epoll_(epoll), fd_(connect_to(port))
{
    watch(epoll_, fd_, EPOLLIN, this, EPOLL_CTL_ADD);
}

Client::~Client()
{
    close(fd_);
}

void Client::send(const std::string& request, std::int64_t began)
{
    reply.reset();
    began_ns = began;
    events_counted = 0;
    request_ = &request;
    sent_ = 0;
    write_rest();
}

void Client::write_rest()
{
    while (sent_ < request_->size()) {
        const ssize_t put =
            ::send(fd_, request_->data() + sent_, request_->size() - sent_, MSG_NOSIGNAL);
        if (put < 0) {
            lost = errno != EAGAIN && errno != ENOTCONN;
            break;
        }
        sent_ += std::size_t(put);
    }
    const bool wait = sent_ < request_->size() && !lost;
    if (wait != waits_to_write_)
        watch(epoll_, fd_, wait ? EPOLLIN | EPOLLOUT : EPOLLIN, this, EPOLL_CTL_MOD);
    waits_to_write_ = wait;
}

bool Client::ready(std::uint32_t events)
{
    if ((events & EPOLLOUT) != 0)
        write_rest();
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
        return false;
    static char buffer[256 * 1024];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0) {
        lost = true;
        return true;
    }
    reply.feed(std::string_view(buffer, std::size_t(got)));
    return true;
}

}  // namespace bench

namespace {

using bench::Settings;

constexpr const char* usage =
    "usage: bench_load MODE --port N [--key K] [--model M] [--watch PID,PID] [--seconds S]\n"
    "  closed   --connections N --body BYTES   each connection asks again when it was answered\n"
    "  open     --rate PER_SECOND --body BYTES latency from the moment a request was due\n"
    "  streams  --streams N --period MS        CPU per event while N streams run\n"
    "  hold     --streams N,M --period MS      memory while N, then M streams are open\n"
    "  first    --cpu N -- COMMAND...          from exec to the first good answer\n";

std::vector<int> numbers(const std::string& text)
{
    std::vector<int> result;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');)
        result.push_back(std::atoi(part.c_str()));
    return result;
}

Settings read_settings(int argc, char** argv)
{
    Settings settings;
    for (int i = 2; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--") {
            settings.command.assign(argv + i + 1, argv + argc);
            break;
        }
        if (name == "--ask-usage") {
            settings.ask_usage = true;
            continue;
        }
        const std::string value = ++i < argc ? argv[i] : "";
        if (name == "--port")
            settings.port = std::uint16_t(std::stoi(value));
        else if (name == "--key")
            settings.key = value;
        else if (name == "--model")
            settings.model = value;
        else if (name == "--watch")
            settings.watched = numbers(value);
        else if (name == "--seconds")
            settings.seconds = std::stod(value);
        else if (name == "--connections")
            settings.connections = std::stoi(value);
        else if (name == "--body")
            settings.body_bytes = std::stoul(value);
        else if (name == "--rate")
            settings.rate = std::stod(value);
        else if (name == "--streams")
            settings.streams = numbers(value);
        else if (name == "--period")
            settings.period_ms = std::stoi(value);
        else if (name == "--cpu")
            settings.cpu = std::stoi(value);
        else {
            std::fprintf(stderr, "bench_load: unknown option %s\n%s", name.c_str(), usage);
            std::exit(2);
        }
    }
    return settings;
}

}  // namespace

int main(int argc, char** argv)
{
    static const std::map<std::string_view, int (*)(const Settings&)> modes = {
        {"closed", bench::closed_loop},
        {"open", bench::open_loop},
        {"streams", bench::steady_streams},
        {"hold", bench::held_streams},
        {"first", bench::first_answer}};
    const auto mode = argc > 1 ? modes.find(argv[1]) : modes.end();
    if (mode == modes.end()) {
        std::fputs(usage, stderr);
        return 2;
    }
    const Settings settings = read_settings(argc, argv);
    bench::raise_descriptor_limit();
    alarm(unsigned(settings.seconds) + 60);  // Whatever hangs, the run goes on.
    return mode->second(settings);
}
