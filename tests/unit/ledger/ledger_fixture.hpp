#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "spillway/base/ids.hpp"
#include "spillway/ledger/query.hpp"
#include "spillway/ledger/store.hpp"
#include "unit/test_folder.hpp"

namespace spillway::ledger::testing {

using Folder = TestFolder;

inline config::Ledger settings_for(const std::string& path,
                                   config::Durability durability = config::Durability::process)
{
    config::Ledger settings;
    settings.path = path;
    settings.durability = durability;
    return settings;
}

/// The first value that `sql` gives, read by a connection of the test's own.
inline std::string value_of(const std::string& path, const std::string& sql)
{
    sqlite3* database = nullptr;
    std::string value = "(error)";
    if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
        sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_busy_timeout(database, 2'000);
        const auto keep_first = [](void* into, int, char** texts, char**) {
            *static_cast<std::string*>(into) = texts[0] == nullptr ? "(null)" : texts[0];
            return 1;
        };
        std::string found = "(none)";
        const int code = sqlite3_exec(database, sql.c_str(), keep_first, &found, nullptr);
        if (code == SQLITE_OK || code == SQLITE_ABORT) {
            value = found;
        }
    }
    sqlite3_close(database);
    return value;
}

/// A served request with every field set.
inline SpendRecord full_record(RequestIdMaker& ids, WallTime started)
{
    SpendRecord record;
    record.id = ids.next(started);
    record.started = started;
    record.call_type = "acompletion";
    record.key_hash = std::string(64, 'a');
    record.team_id = "research";
    record.user_id = "u-7";
    record.end_user = "anna";
    record.tags = R"(["team-a","batch"])";
    record.asked_model = "smart";
    record.group = "smart";
    record.deployment_id = "dep-1";
    record.provider = "openai";
    record.upstream_model = "gpt-4o";
    record.api_base = "https://api.example/v1";
    record.status = 200;
    record.why = "served at the first attempt";
    record.attempts = 1;
    record.streamed = true;
    record.usage = {Tokens{1'200}, Tokens{300}, Tokens{1'000},
                    Tokens{100},   Tokens{128}, chat::UsageSource::exact};
    record.cost = NanoUsd{4'250'001};
    record.charged = NanoUsd{4'300'000};
    record.charged_at = started + std::chrono::microseconds{7};
    record.reference_cost = NanoUsd{9'000'002};
    record.queue = Millis{3};
    record.first_token = Millis{210};
    record.total = Millis{1'950};
    return record;
}

inline WallTime at_micros(std::int64_t micros)
{
    return WallTime{std::chrono::microseconds{micros}};
}

inline std::vector<SpendRecord> full_records(RequestIdMaker& ids, int count,
                                             std::int64_t first_micros = 1'795'000'000'000'000)
{
    std::vector<SpendRecord> records;
    records.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        records.push_back(full_record(ids, at_micros(first_micros + i * 1'000)));
    }
    return records;
}

/// What `append` takes: where the records lie. They must outlive the call.
inline std::vector<const SpendRecord*> places_of(const std::vector<SpendRecord>& records)
{
    std::vector<const SpendRecord*> places;
    places.reserve(records.size());
    for (const auto& record : records) {
        places.push_back(&record);
    }
    return places;
}

/// The question for one request.
inline LogsQuery for_request(const std::string& id)
{
    LogsQuery query;
    query.request_id = id;
    return query;
}

}  // namespace spillway::ledger::testing
