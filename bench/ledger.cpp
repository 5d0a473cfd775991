// bench_ledger MODE FOLDER ROWS [URL]: what the ledger sustains. Run by bench/ledger, which makes
// the folder and PostgreSQL, and removes them.
//
//   append FOLDER ROWS     records a second through the writer, one and 16 to a transaction
//   ship FOLDER ROWS URL   records a second into PostgreSQL
//   reports FOLDER ROWS    the questions of the spend pages over that many records
//   ask FOLDER             the same questions of what `reports` left in FOLDER

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/ledger/query.hpp"
#include "spillway/ledger/shipper.hpp"
#include "spillway/ledger/store.hpp"
#include "spillway/ledger/upkeep.hpp"

namespace {

using namespace spillway;
using ledger::Dimension;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t days = 30;
constexpr std::int64_t micros_per_day = 86'400'000'000;
constexpr std::size_t keys = 200;
constexpr std::size_t models = 8;
constexpr std::size_t end_users = 2'000;
constexpr std::size_t batch_size = 16;

double seconds_since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "bench_ledger: %s\n", why.c_str());
    std::exit(1);
}

/// Records as a company makes them: keys of teams, some models, many end users, tags.
class Source {
public:
    explicit Source(std::int64_t rows)
        : step_(std::max<std::int64_t>(1, days * micros_per_day / rows))
    {
        const auto now = std::chrono::system_clock::now();
        const auto today = std::chrono::floor<std::chrono::days>(now);
        at_ = WallTime{today} - std::chrono::days{days - 1};
    }

    void fill(ledger::SpendRecord& record)
    {
        const auto draw = ids_.draw();
        const auto key = draw % keys;
        const auto model = (draw >> 16U) % models;
        at_ += std::chrono::microseconds{step_};
        record.id = ids_.next(at_);
        record.started = at_;
        record.call_type = "acompletion";
        record.key_hash = std::string(61, 'a') + std::to_string(100 + key);
        record.team_id = "team-" + std::to_string(key % 20);
        record.user_id = "user-" + std::to_string(key % 80);
        record.end_user = "end-user-" + std::to_string((draw >> 24U) % end_users);
        record.tags = (draw >> 40U) % 2 == 0 ? R"(["batch"])" : R"(["chat","beta"])";
        record.group = record.asked_model = "group-" + std::to_string(model);
        record.deployment_id = "deployment-" + std::to_string(model);
        record.provider = model < 4 ? "openai" : "hosted_vllm";
        record.upstream_model = "model-" + std::to_string(model);
        record.api_base = model < 4 ? "https://api.example/v1" : "http://127.0.0.1:8000/v1";
        record.status = 200;
        record.why = "served at the first attempt";
        record.attempts = 1;
        record.usage = {Tokens{static_cast<std::int64_t>(draw % 4'000)},
                        Tokens{300},
                        {},
                        {},
                        {},
                        chat::UsageSource::exact};
        record.cost = NanoUsd{static_cast<std::int64_t>(draw % 90'000'000)};
        record.reference_cost = NanoUsd{static_cast<std::int64_t>(draw % 120'000'000)};
        record.total = Millis{900};
    }

private:
    RequestIdMaker ids_{42};
    WallTime at_;
    std::int64_t step_;
};

std::unique_ptr<ledger::Store> open_store(const std::string& path, config::Durability durability)
{
    config::Ledger settings;
    settings.path = path;
    settings.durability = durability;
    auto store = ledger::Store::open(settings);
    if (!store)
        give_up(store.error().message());
    return std::move(*store);
}

/// @return Seconds.
double append(ledger::Store& store, std::int64_t rows, std::size_t at_once)
{
    Source source(rows);
    std::vector<ledger::SpendRecord> records(at_once);
    std::vector<const ledger::SpendRecord*> places;
    for (const auto& record : records)
        places.push_back(&record);
    double spent = 0;
    for (std::int64_t done = 0; done < rows; done += static_cast<std::int64_t>(at_once)) {
        for (auto& record : records)
            source.fill(record);
        const auto start = Clock::now();
        if (auto written = store.append(places); !written)
            give_up(written.error().message());
        // What the keeper does beside the appends, here in between.
        if (done % 65'536 == 0)
            store.checkpoint();
        spent += seconds_since(start);
    }
    return spent;
}

/// As the writer's keeper does it: a turn of upkeep, then what the log holds moves to its place.
void roll_up(ledger::Store& store, const std::string& path)
{
    ledger::Upkeep upkeep(path, {});
    const WallTime now{};
    while (upkeep.work(now) == ledger::Upkeep::Left::more)
        store.checkpoint();
}

void bench_append(const std::string& folder, std::int64_t rows)
{
    for (const auto durability : {config::Durability::process, config::Durability::power}) {
        const bool power = durability == config::Durability::power;
        const auto path = folder + (power ? "/power.db" : "/process.db");
        const auto store = open_store(path, durability);
        for (const std::size_t at_once : {std::size_t{1}, batch_size}) {
            const auto count =
                power ? std::min<std::int64_t>(rows, 2'000 * static_cast<std::int64_t>(at_once))
                      : rows;
            const auto seconds = append(*store, count, at_once);
            std::printf("%s, %zu a transaction: %.0f records/s\n", power ? "power" : "process",
                        at_once, static_cast<double>(count) / seconds);
        }
        if (!power) {
            const auto start = Clock::now();
            roll_up(*store, path);
            std::printf("sums by day: %.2f us a record\n",
                        seconds_since(start) * 1e6 / static_cast<double>(2 * rows));
        }
    }
}

void bench_ship(const std::string& folder, std::int64_t rows, const std::string& url)
{
    const auto path = folder + "/ship.db";
    const auto store = open_store(path, config::Durability::process);
    append(*store, rows, batch_size);
    const auto start = Clock::now();
    ledger::Shipper shipper(path, Secret{url});
    shipper.drain(std::chrono::minutes{5});
    const auto seconds = seconds_since(start);
    if (const auto state = shipper.state(); state.waiting != 0)
        give_up("not all was shipped: " + state.last_error);
    std::printf("PostgreSQL: %.0f records/s\n", static_cast<double>(rows) / seconds);
}

void time_question(ledger::Query& query, const char* name, const ledger::SumsQuery& question)
{
    std::array<double, 5> times{};
    std::size_t rows = 0;
    for (auto& time : times) {
        const auto start = Clock::now();
        const auto answer = query.sums(question);
        time = seconds_since(start) * 1e3;
        if (!answer)
            give_up(answer.error().message());
        rows = answer->size();
    }
    std::sort(times.begin(), times.end());
    std::printf("%-40s %8.1f ms, %zu rows\n", name, times[2], rows);
}

ledger::SumsQuery by(std::vector<Dimension> dimensions)
{
    ledger::SumsQuery question;
    question.by = std::move(dimensions);
    return question;
}

void ask_all(const std::string& path)
{
    auto query = ledger::Query::open(path);
    if (!query)
        give_up(query.error().message());
    time_question(**query, "/global/spend", by({}));
    time_question(**query, "/global/spend/logs", by({Dimension::day}));
    time_question(**query, "/global/spend/keys", by({Dimension::key}));
    time_question(**query, "/global/spend/models", by({Dimension::model}));
    time_question(**query, "/global/spend/tags", by({Dimension::tag}));
    time_question(**query, "/global/spend/report (team)",
                  by({Dimension::day, Dimension::team, Dimension::model, Dimension::key}));
    // A month of them are more rows than a page may have.
    auto customers = by({Dimension::day, Dimension::end_user, Dimension::model});
    const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    customers.first = (today - std::chrono::days{7}).time_since_epoch().count();
    time_question(**query, "/global/spend/report (customer, a week)", customers);
    auto own = by({Dimension::day, Dimension::model, Dimension::key});
    own.only.push_back({Dimension::user, {"user-7"}});
    time_question(**query, "/user/daily/activity of one", own);
    const auto start = Clock::now();
    const auto newest = (*query)->spend_logs({});
    if (!newest)
        give_up(newest.error().message());
    std::printf("%-40s %8.1f ms, newest 1000\n", "/spend/logs", seconds_since(start) * 1e3);
}

void bench_reports(const std::string& folder, std::int64_t rows)
{
    const auto path = folder + "/reports.db";
    {
        const auto store = open_store(path, config::Durability::process);
        auto start = Clock::now();
        append(*store, rows, 512);
        std::printf("written in %.0f s\n", seconds_since(start));
        start = Clock::now();
        roll_up(*store, path);
        std::printf("rolled up in %.0f s\n", seconds_since(start));
    }
    ask_all(path);
}

}  // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 2 || (words.size() < 3 && words[0] != "ask"))
        give_up("usage: bench_ledger append|ship|reports|ask FOLDER [ROWS] [URL]");
    const auto rows = words.size() < 3 ? 1LL : std::max(1LL, std::atoll(words[2].c_str()));
    if (words[0] == "ask")
        ask_all(words[1] + "/reports.db");
    else if (words[0] == "append")
        bench_append(words[1], rows);
    else if (words[0] == "ship" && words.size() > 3)
        bench_ship(words[1], rows, words[3]);
    else if (words[0] == "reports")
        bench_reports(words[1], rows);
    else
        give_up("unknown mode " + words[0]);
    return 0;
}
