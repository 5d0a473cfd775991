#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include "ledger_fixture.hpp"
#include "spillway/base/log.hpp"
#include "spillway/ledger/store.hpp"

namespace {

std::atomic<bool> syncs_fail{false};

}  // namespace

/// Stands before the C library's, for SQLite too, so that a disk can fail to sync.
extern "C" int fdatasync(int descriptor)
{
    if (syncs_fail) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
}

/// What becomes of the ledger when the process, the file or the disk ends badly.
namespace spillway::ledger {
namespace {

using testing::full_records;
using testing::places_of;
using testing::settings_for;
using testing::value_of;

/// Appends until it is killed; says the ids of every batch that was acknowledged.
[[noreturn]] void write_until_killed(const std::string& path, int acknowledged)
{
    auto store = Store::open(settings_for(path));
    if (!store) {
        ::_exit(1);
    }
    std::thread keeper{[&store] {
        for (;;) {
            (*store)->checkpoint();
            std::this_thread::yield();
        }
    }};
    RequestIdMaker ids{random_seed()};
    for (int round = 0;; ++round) {
        const auto batch = full_records(ids, 1 + round % 7);
        if (!(*store)->append(places_of(batch))) {
            ::_exit(2);
        }
        for (const auto& record : batch) {
            std::array<std::uint64_t, 2> id{record.id.high, record.id.low};
            (void)!::write(acknowledged, id.data(), sizeof id);
        }
    }
}

TEST(StoreCrash, LosesAndDoublesNothingThatWasAcknowledgedBeforeAKill)
{
    const testing::Folder folder;
    const auto path = folder.file("ledger.db");
    std::vector<RequestId> acknowledged;
    for (int round = 1; round <= 5; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe(pipe.data()), 0);
        const pid_t writer = ::fork();
        if (writer == 0) {
            ::close(pipe[0]);
            write_until_killed(path, pipe[1]);
        }
        ::close(pipe[1]);
        const auto enough = acknowledged.size() + 700u * static_cast<unsigned>(round);
        std::array<std::uint64_t, 2> id{};
        while (::read(pipe[0], id.data(), sizeof id) == sizeof id) {
            acknowledged.push_back({id[0], id[1]});
            if (acknowledged.size() == enough) {
                ::kill(writer, SIGKILL);
            }
        }
        ::close(pipe[0]);
        int status = 0;
        ::waitpid(writer, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself: " << status;
    }

    ASSERT_TRUE(Store::open(settings_for(path)));
    ASSERT_EQ(folder.entries_with(".corrupt-"), 0);
    EXPECT_EQ(value_of(path, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(value_of(path, "SELECT count(*) - count(DISTINCT id) FROM records"), "0");
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    sqlite3_stmt* find = nullptr;
    sqlite3_prepare_v2(database, "SELECT count(*) FROM records WHERE id = ?1", -1, &find, nullptr);
    std::size_t lost = 0;
    for (const auto& id : acknowledged) {
        std::array<unsigned char, 16> bytes{};
        for (std::size_t i = 0; i < 8; ++i) {
            bytes[i] = static_cast<unsigned char>(id.high >> (56U - 8U * i));
            bytes[i + 8] = static_cast<unsigned char>(id.low >> (56U - 8U * i));
        }
        sqlite3_bind_blob(find, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
        lost += sqlite3_step(find) == SQLITE_ROW && sqlite3_column_int(find, 0) == 1 ? 0 : 1;
        sqlite3_reset(find);
    }
    sqlite3_finalize(find);
    sqlite3_close(database);
    EXPECT_EQ(lost, 0u) << "of " << acknowledged.size();
}

std::string content_of(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write_content(const std::string& path, std::string_view content)
{
    std::ofstream{path, std::ios::binary} << content;
}

TEST(StoreCrash, StartsWithEveryTruncationOfTheLog)
{
    const testing::Folder folder;
    const auto original = folder.file("original.db");
    constexpr int commits = 30;
    RequestIdMaker ids{random_seed()};
    const auto store = Store::open(settings_for(original));
    ASSERT_TRUE(store);
    for (int i = 0; i < commits; ++i) {
        ASSERT_TRUE((*store)->append(places_of(full_records(ids, 1))));
    }
    const std::string database = content_of(original);
    const std::string log = content_of(original + "-wal");
    ASSERT_GT(log.size(), 30'000u);

    int least = 0;
    const std::size_t step = log.size() / 250 + 1;
    for (std::size_t size = 0; size <= log.size(); size += step) {
        const testing::Folder torn;
        const auto path = torn.file("ledger.db");
        write_content(path, database);
        write_content(path + "-wal", std::string_view{log}.substr(0, size));
        const auto opened = Store::open(settings_for(path));
        ASSERT_TRUE(opened) << "log of " << size << " bytes: " << opened.error().message();
        const int rows = std::stoi(value_of(path, "SELECT count(*) FROM records"));
        EXPECT_GE(rows, least) << "a longer log holds no fewer records";
        EXPECT_EQ(value_of(path, "SELECT coalesce(max(seq), 0) FROM records"), std::to_string(rows))
            << "what is left is a prefix";
        EXPECT_TRUE((*opened)->append(places_of(full_records(ids, 1))));
        EXPECT_EQ(torn.entries_with(".corrupt-"), 0);
        least = rows;
    }
    const testing::Folder whole;
    write_content(whole.file("ledger.db"), database);
    write_content(whole.file("ledger.db-wal"), log);
    ASSERT_TRUE(Store::open(settings_for(whole.file("ledger.db"))));
    EXPECT_EQ(value_of(whole.file("ledger.db"), "SELECT count(*) FROM records"),
              std::to_string(commits));
}

/// Keeps what a test provokes a hundred times out of its output.
class Quiet {
public:
    Quiet() { spdlog::set_level(spdlog::level::off); }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;
    ~Quiet() { spdlog::set_level(before_); }

private:
    spdlog::level::level_enum before_ = spdlog::get_level();
};

TEST(StoreCrash, StartsWithEveryTruncationOfTheFile)
{
    const Quiet quiet;
    const testing::Folder folder;
    const auto original = folder.file("original.db");
    constexpr int records = 400;
    RequestIdMaker ids{random_seed()};
    ASSERT_TRUE(
        (*Store::open(settings_for(original)))->append(places_of(full_records(ids, records))));
    const std::string database = content_of(original);

    const std::size_t step = database.size() / 120 + 1;
    for (std::size_t size = 0; size < database.size(); size += step) {
        const testing::Folder torn;
        const auto path = torn.file("ledger.db");
        write_content(path, std::string_view{database}.substr(0, size));
        write_content(path + ".lock", "1\n");
        const auto opened = Store::open(settings_for(path));
        ASSERT_TRUE(opened) << "file of " << size << " bytes: " << opened.error().message();
        EXPECT_TRUE((*opened)->append(places_of(full_records(ids, 1))));
        const bool kept_aside = torn.entries_with(".corrupt-") > 0;
        EXPECT_TRUE(kept_aside || size == 0) << "file of " << size << " bytes";
    }
}

TEST(StoreCrash, OpensAndVerifiesAgainAfterAFailedSync)
{
    const testing::Folder folder;
    const auto path = folder.file("ledger.db");
    RequestIdMaker ids{random_seed()};
    const auto store = Store::open(settings_for(path, config::Durability::power));
    ASSERT_TRUE(store);
    const auto before = full_records(ids, 3);
    ASSERT_TRUE((*store)->append(places_of(before)));

    const auto doubtful = full_records(ids, 3);
    syncs_fail = true;
    const auto refused = (*store)->append(places_of(doubtful));
    syncs_fail = false;
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::ledger_unavailable);

    // The same records again, as a caller may: once each, whether the log kept them or not.
    ASSERT_TRUE((*store)->append(places_of(doubtful)));
    EXPECT_EQ(value_of(path, "SELECT count(*) FROM records"), "6");
    // And among others.
    auto mixed = full_records(ids, 2);
    mixed.insert(mixed.begin() + 1, doubtful.begin(), doubtful.end());
    ASSERT_TRUE((*store)->append(places_of(mixed)));
    EXPECT_EQ(value_of(path, "SELECT count(*) FROM records"), "8");
    EXPECT_EQ(value_of(path, "PRAGMA integrity_check"), "ok");
    EXPECT_EQ(folder.entries_with(".corrupt-"), 0);
}

TEST(StoreCrash, LeavesNoLogBehindWhenItEndsWell)
{
    const testing::Folder folder;
    const auto path = folder.file("ledger.db");
    RequestIdMaker ids{random_seed()};
    {
        const auto store = Store::open(settings_for(path));
        ASSERT_TRUE((*store)->append(places_of(full_records(ids, 3))));
    }
    EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
}

/// Runs `body` in a child, because a limit on file sizes holds for the whole process.
template <class Body>
int exit_code_of(Body body)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(body());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void limit_file_size(rlim_t bytes)
{
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

class StoreOnAFullDisk : public ::testing::TestWithParam<config::Durability> {};

INSTANTIATE_TEST_SUITE_P(Durability, StoreOnAFullDisk,
                         ::testing::Values(config::Durability::process, config::Durability::power),
                         [](const auto& chosen) {
                             return chosen.param == config::Durability::process ? "process"
                                                                                : "power";
                         });

TEST_P(StoreOnAFullDisk, RefusesWithoutHalfABatchAndGoesOnWhenThereIsSpace)
{
    const testing::Folder folder;
    const auto path = folder.file("ledger.db");
    const auto durability = GetParam();
    const int code = exit_code_of([&path, durability] {
        ::signal(SIGXFSZ, SIG_IGN);
        auto store = Store::open(settings_for(path, durability));
        RequestIdMaker ids{random_seed()};
        int acknowledged = 0;
        if (!store) {
            return 10;
        }
        limit_file_size(200'000);
        Result<void> last;
        auto batch = full_records(ids, 16);
        while ((last = (*store)->append(places_of(batch)))) {
            acknowledged += 16;
            batch = full_records(ids, 16);
            // A word of its own, which a refusal must take back.
            batch[0].upstream_model = "model-" + std::to_string(acknowledged);
        }
        if (last.error().code() != Errc::ledger_unavailable || acknowledged == 0) {
            return 11;
        }
        // A probe wants more room than a record, or the ledger would flap at the edge.
        if ((*store)->append({})) {
            return 12;
        }
        limit_file_size(RLIM_INFINITY);
        if (!(*store)->append({}) || !(*store)->append(places_of(full_records(ids, 16)))) {
            return 13;
        }
        acknowledged += 16;
        if (value_of(path, "SELECT count(*) FROM records") != std::to_string(acknowledged)) {
            return 14;
        }
        // What was refused, again: all of it, once.
        if (!(*store)->append(places_of(batch))) {
            return 15;
        }
        acknowledged += 16;
        const auto query = Query::open(path);
        for (const auto& record : batch) {
            if (!query || (*query)->spend_logs(testing::for_request(record.id.text())) !=
                              "[" + spend_log_json(record) + "]") {
                return 16;
            }
        }
        return value_of(path, "SELECT count(*) FROM records") == std::to_string(acknowledged) ? 0
                                                                                              : 17;
    });
    EXPECT_EQ(code, 0);
    EXPECT_EQ(value_of(path, "PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace spillway::ledger
