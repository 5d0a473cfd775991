#include "spillway/ledger/answer_store.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "ledger_file.hpp"
#include "spillway/base/log.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

using sqlite::Access;
using sqlite::Connection;
using sqlite::Running;
using sqlite::Statement;

constexpr std::int64_t version = 1;
constexpr std::chrono::minutes between_sweeps{10};

// Answers are text of clients: deleted ones are overwritten.
constexpr const char* settings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
    "PRAGMA secure_delete=ON;";
constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY,
  request TEXT NOT NULL,
  since INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  form INTEGER NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  call_id TEXT NOT NULL,
  model_group TEXT NOT NULL,
  deployment TEXT NOT NULL,
  provider TEXT NOT NULL,
  upstream_model TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_since ON answers (since);
PRAGMA user_version = 1;
)";

std::int64_t micros(WallTime time)
{
    return time.time_since_epoch().count();
}

/// The connection and what is prepared on it; on the store's thread, but for opening.
class AnswerFile {
public:
    explicit AnswerFile(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] bool is_open() const { return connection_.open(); }
    [[nodiscard]] const std::string& path() const { return path_; }

    [[nodiscard]] Result<void> open()
    {
        // Made by us, because SQLite would let the group read it.
        const int made = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (made >= 0)
            ::close(made);
        auto connection = Connection::open(path_, Access::create);
        if (!connection)
            return fail(std::move(connection).error());
        if (auto set = connection->run(settings); !set)
            return set;
        const auto found = connection->number("PRAGMA user_version");
        if (!found)
            return fail(found.error());
        if (*found > version)
            return fail(Errc::io_error, "'" + path_ + "' was made by a newer spillway");
        if (auto made_tables = connection->run(schema); !made_tables)
            return made_tables;
        auto keep = connection->prepare(
            "INSERT OR REPLACE INTO answers VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)");
        auto drop = connection->prepare("DELETE FROM answers WHERE key = ?1");
        auto fetch = connection->prepare(
            "SELECT form, status, headers, call_id, model_group, deployment, provider, "
            "upstream_model, body FROM answers WHERE key = ?1");
        auto sweep = connection->prepare("DELETE FROM answers WHERE since <= ?1");
        for (auto* prepared : {&keep, &drop, &fetch, &sweep}) {
            if (!*prepared)
                return fail(std::move(*prepared).error());
        }
        keep_ = std::move(*keep);
        drop_ = std::move(*drop);
        fetch_ = std::move(*fetch);
        sweep_ = std::move(*sweep);
        connection_ = std::move(*connection);
        return {};
    }

    [[nodiscard]] Result<void> sweep(WallTime before)
    {
        const Running running(sweep_);
        sweep_.bind(1, micros(before));
        return done(sweep_.step(), "deleting old answers");
    }

    [[nodiscard]] Result<std::vector<AnswerStore::Found>> list()
    {
        auto all = connection_.prepare(
            "SELECT key, request, since, bytes FROM answers "
            "ORDER BY since");
        if (!all)
            return fail(std::move(all).error());
        std::vector<AnswerStore::Found> found;
        int code = SQLITE_ROW;
        while ((code = all->step()) == SQLITE_ROW) {
            AnswerStore::Found row;
            row.key = all->text(0);
            row.request = all->text(1);
            row.since = WallTime(WallTime::duration{all->integer(2)});
            row.bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, all->integer(3)));
            found.push_back(std::move(row));
        }
        if (auto read = done(code, "reading the answers"); !read)
            return fail(std::move(read).error());
        return found;
    }

    [[nodiscard]] Result<void> keep(const std::string& key, const std::string& request,
                                    const chat::KeptAnswer& answer, WallTime since)
    {
        const Running running(keep_);
        keep_.bind(1, key);
        keep_.bind(2, request);
        keep_.bind(3, micros(since));
        keep_.bind(4, static_cast<std::int64_t>(answer.bytes()));
        keep_.bind(5, static_cast<std::int64_t>(answer.form));
        keep_.bind(6, static_cast<std::int64_t>(answer.status));
        keep_.bind(7, answer.headers);
        keep_.bind(8, answer.call_id);
        keep_.bind(9, answer.group);
        keep_.bind(10, answer.deployment_id);
        keep_.bind(11, answer.provider);
        keep_.bind(12, answer.upstream_model);
        const auto* bytes = reinterpret_cast<const unsigned char*>(answer.body.data());
        keep_.bind_blob(13, {bytes, answer.body.size()});
        return done(keep_.step(), "keeping an answer");
    }

    [[nodiscard]] Result<void> drop(const std::string& key)
    {
        const Running running(drop_);
        drop_.bind(1, key);
        return done(drop_.step(), "deleting an answer");
    }

    /// Null when it is not there.
    [[nodiscard]] Result<chat::KeptAnswerPtr> fetch(const std::string& key)
    {
        const Running running(fetch_);
        fetch_.bind(1, key);
        const int code = fetch_.step();
        if (code != SQLITE_ROW) {
            if (auto read = done(code, "reading an answer"); !read)
                return fail(std::move(read).error());
            return chat::KeptAnswerPtr();
        }
        auto answer = std::make_shared<chat::KeptAnswer>();
        answer->form =
            fetch_.integer(0) == static_cast<std::int64_t>(chat::KeptAnswer::Form::stream)
                ? chat::KeptAnswer::Form::stream
                : chat::KeptAnswer::Form::whole;
        answer->status = static_cast<int>(fetch_.integer(1));
        answer->headers = fetch_.text(2);
        answer->call_id = fetch_.text(3);
        answer->group = fetch_.text(4);
        answer->deployment_id = fetch_.text(5);
        answer->provider = fetch_.text(6);
        answer->upstream_model = fetch_.text(7);
        answer->body = fetch_.text(8);
        return chat::KeptAnswerPtr(std::move(answer));
    }

private:
    [[nodiscard]] Result<void> done(int code, std::string_view doing) const
    {
        if (code == SQLITE_DONE)
            return {};
        return fail(connection_.error(doing));
    }

    std::string path_;
    Connection connection_;
    Statement keep_;
    Statement drop_;
    Statement fetch_;
    Statement sweep_;
};

}  // namespace

struct AnswerStore::Parts {
    using Job = std::function<void(AnswerFile&)>;

    Parts(AnswerFile opened, Millis age, const Clock& time)
        : file(std::move(opened)), max_age(age), clock(time)
    {}
    ~Parts()
    {
        {
            const std::scoped_lock lock(mutex);
            stopping = true;
        }
        work.notify_one();
        if (thread.joinable())
            thread.join();
    }

    /// @return False when too many wait.
    bool add(Job job)
    {
        {
            const std::scoped_lock lock(mutex);
            if (jobs.size() >= most_waiting)
                return false;
            jobs.push_back(std::move(job));
            if (!thread.joinable()) {
                thread = std::thread([this] { run(); });
                pthread_setname_np(thread.native_handle(), "answers");
            }
        }
        work.notify_one();
        return true;
    }

    void run()
    {
        std::unique_lock lock(mutex);
        for (;;) {
            work.wait_for(lock, between_sweeps, [this] { return stopping || !jobs.empty(); });
            if (jobs.empty() && stopping)
                return;
            Job next = jobs.empty() ? Job([this](AnswerFile& open) {
                if (open.is_open())
                    report(open.sweep(clock.wall() - max_age));
            })
                                    : std::move(jobs.front());
            if (!jobs.empty())
                jobs.pop_front();
            lock.unlock();
            next(file);
            lock.lock();
        }
    }

    /// Opens the file when it is not. What fails is said when it begins to.
    bool ready(AnswerFile& open) { return open.is_open() || report(open.open()); }
    bool report(const Result<void>& done)
    {
        if (!done && !std::exchange(failing, true))
            SPILLWAY_WARN("idempotency: {}: answers stay in memory only ({})", file.path(),
                          done.error().message());
        failing = failing && !done;
        return done.has_value();
    }

    AnswerFile file;
    std::vector<Found> found;
    const Millis max_age;
    const Clock& clock;
    bool failing = false;  ///< Of the store's thread.

    std::mutex mutex;
    std::condition_variable work;
    std::deque<Job> jobs;
    bool stopping = false;
    std::thread thread;  ///< From the first job on.
};

AnswerStore::AnswerStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

AnswerStore::~AnswerStore() = default;

Result<std::unique_ptr<AnswerStore>> AnswerStore::open(std::string path, Millis max_age,
                                                       const Clock& clock)
{
    AnswerFile file(path);
    std::vector<Found> found;
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
        auto opened = file.open();
        if (opened)
            opened = file.sweep(clock.wall() - max_age);
        auto listed = opened ? file.list() : fail(std::move(opened).error());
        if (!listed && listed.error().code() == Errc::io_error) {
            // Damaged, or of another version: what was kept is lost, which costs a second call.
            file = AnswerFile(path);
            const auto aside = set_aside(path);
            if (!aside)
                return fail(aside.error());
            SPILLWAY_WARN("idempotency: {}; moved to {}", listed.error().message(), *aside);
        } else if (!listed) {
            return fail(std::move(listed).error());
        } else {
            found = *std::move(listed);
        }
    }
    auto parts = std::make_unique<Parts>(std::move(file), max_age, clock);
    parts->found = std::move(found);
    return std::unique_ptr<AnswerStore>(new AnswerStore(std::move(parts)));
}

const std::vector<AnswerStore::Found>& AnswerStore::found() const
{
    return parts_->found;
}

void AnswerStore::keep(std::string key, std::string request, chat::KeptAnswerPtr answer,
                       WallTime since, std::function<void()> written)
{
    auto* const parts = parts_.get();
    (void)parts->add([parts, key = std::move(key), request = std::move(request),
                      answer = std::move(answer), since,
                      written = std::move(written)](AnswerFile& file) {
        if (parts->ready(file) && parts->report(file.keep(key, request, *answer, since)))
            written();
    });
}

void AnswerStore::drop(std::vector<std::string> keys)
{
    auto* const parts = parts_.get();
    (void)parts->add([parts, keys = std::move(keys)](AnswerFile& file) {
        for (const auto& key : keys) {
            if (!parts->ready(file) || !parts->report(file.drop(key)))
                return;
        }
    });
}

void AnswerStore::fetch(std::string key, std::function<void(chat::KeptAnswerPtr)> done)
{
    auto* const parts = parts_.get();
    const bool added = parts->add([parts, key = std::move(key), done](AnswerFile& file) {
        auto answer = parts->ready(file) ? file.fetch(key) : Result<chat::KeptAnswerPtr>(nullptr);
        if (!answer)
            parts->report(fail(answer.error()));
        done(answer ? *std::move(answer) : nullptr);
    });
    if (!added)
        done(nullptr);
}

std::string answers_path(const std::string& ledger_path)
{
    const std::filesystem::path path(ledger_path);
    auto name = path.stem();
    name += ".answers";
    name += path.extension();
    return (path.parent_path() / name).string();
}

}  // namespace spillway::ledger
