#include "server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace spillway::postgres::testing {
namespace {

[[noreturn]] void give_up(const std::string& why)
{
    throw std::runtime_error("these tests need a real PostgreSQL: " + why);
}

std::string newest_programs()
{
    const std::filesystem::path root{"/usr/lib/postgresql"};
    std::error_code none;
    std::string newest;
    int newest_version = 0;
    for (const auto& entry : std::filesystem::directory_iterator{root, none}) {
        const int version = std::atoi(entry.path().filename().c_str());
        if (version > newest_version && std::filesystem::exists(entry.path() / "bin/initdb")) {
            newest_version = version;
            newest = (entry.path() / "bin").string();
        }
    }
    if (newest.empty()) {
        give_up("install the package 'postgresql' (nothing in " + root.string() + ")");
    }
    return newest;
}

int free_port()
{
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(listener, reinterpret_cast<sockaddr*>(&address), length);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(listener);
    return ntohs(address.sin_port);
}

/// PostgreSQL refuses to run as root; Debian's package brings a user for it.
const passwd* other_user()
{
    if (::geteuid() != 0) {
        return nullptr;
    }
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) {
        give_up("there is no user 'postgres'");
    }
    return user;
}

pid_t spawn(const std::vector<std::string>& command, const std::string& folder)
{
    const passwd* user = other_user();
    std::vector<char*> arguments;
    for (const auto& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const std::string log = folder + "/log";
    const pid_t child = ::fork();
    if (child != 0) {
        return child;
    }
    if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                            ::setuid(user->pw_uid) != 0)) {
        ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    (void)!::chdir(folder.c_str());
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

std::string log_of(const std::string& folder)
{
    std::ifstream file{folder + "/log"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

PostgresServer& PostgresServer::shared()
{
    static PostgresServer server;
    server.thaw();
    server.start();
    return server;
}

PostgresServer::PostgresServer() : programs_(newest_programs())
{
    std::string pattern =
        (std::filesystem::temp_directory_path() / "spillway-postgres-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        give_up("cannot make a temporary folder");
    }
    folder_ = pattern;
    if (const auto* user = other_user()) {
        (void)!::chown(folder_.c_str(), user->pw_uid, user->pw_gid);
    }
    const pid_t initdb =
        spawn({programs_ + "/initdb", "--pgdata=" + folder_ + "/cluster", "--username=postgres",
               "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"},
              folder_);
    int status = 0;
    ::waitpid(initdb, &status, 0);
    if (status != 0) {
        give_up("initdb failed: " + log_of(folder_));
    }
    port_ = free_port();
}

PostgresServer::~PostgresServer()
{
    thaw();
    stop_at_once();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void PostgresServer::start()
{
    if (postmaster_ > 0) {
        return;
    }
    postmaster_ =
        spawn({programs_ + "/postgres", "-D", folder_ + "/cluster", "-p", std::to_string(port_),
               "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + folder_, "-c",
               "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=30"},
              folder_);
    const std::string target = url("postgres");
    constexpr int most_looks = 1'500;
    for (int look = 0; PQping(target.c_str()) != PQPING_OK; ++look) {
        if (look == most_looks || ::waitpid(postmaster_, nullptr, WNOHANG) != 0) {
            give_up("the server did not start: " + log_of(folder_));
        }
        ::poll(nullptr, 0, 20);
    }
}

void PostgresServer::stop_at_once()
{
    if (postmaster_ > 0) {
        ::kill(postmaster_, SIGQUIT);
        ::waitpid(postmaster_, nullptr, 0);
        postmaster_ = -1;
    }
}

void PostgresServer::freeze()
{
    signal_all(SIGSTOP);
}

void PostgresServer::thaw()
{
    signal_all(SIGCONT);
}

void PostgresServer::signal_all(int signal) const
{
    if (postmaster_ <= 0) {
        return;
    }
    // The postmaster first, so that it starts nothing while its children are counted.
    ::kill(postmaster_, signal);
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", gone}) {
        const pid_t candidate = std::atoi(entry.path().filename().c_str());
        std::ifstream status{entry.path() / "status"};
        std::string word;
        while (candidate > 0 && status >> word) {
            pid_t parent = 0;
            if (word == "PPid:" && status >> parent && parent == postmaster_) {
                ::kill(candidate, signal);
            }
        }
    }
}

std::string PostgresServer::make_database()
{
    static int made = 0;
    const std::string name = "ledger_" + std::to_string(++made);
    value("postgres", "CREATE DATABASE " + name);
    return name;
}

std::string PostgresServer::url(const std::string& database) const
{
    return "postgresql://postgres:not-needed@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::value(const std::string& database, const std::string& sql) const
{
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection{
        PQconnectdb(url(database).c_str()), &PQfinish};
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{
        PQexec(connection.get(), sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK) {
        return "";
    }
    if (status != PGRES_TUPLES_OK) {
        return std::string{"(error: "} + PQerrorMessage(connection.get()) + ")";
    }
    if (PQntuples(result.get()) == 0 || PQgetisnull(result.get(), 0, 0) != 0) {
        return "(null)";
    }
    return PQgetvalue(result.get(), 0, 0);
}

}  // namespace spillway::postgres::testing
