#include "postgres_schema.hpp"

#include <array>
#include <charconv>
#include <string>

#include "spillway/base/text.hpp"

namespace spillway::ledger::remote {
namespace {

/// Any number that nobody else locks: "spillway" in ASCII, shortened.
constexpr const char* migration_lock = "SELECT pg_advisory_xact_lock(1936747884)";

/// One step each; a step that was released is never edited again. Money is counted in nano-dollars;
/// NULL means unknown, or with `route` and its neighbours that there was nothing to decide. The
/// second index is the one whose lack hurts LiteLLM (litellm#35766).
constexpr std::array<const char*, 4> migrations{
    R"sql(
CREATE TABLE spillway_spend_logs (
    request_id text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    first_token_at timestamptz,
    call_type text NOT NULL,
    key_hash text NOT NULL,
    end_user text NOT NULL,
    tags jsonb NOT NULL,
    asked_model text NOT NULL,
    model_group text NOT NULL,
    deployment_id text NOT NULL,
    provider text NOT NULL,
    upstream_model text NOT NULL,
    api_base text NOT NULL,
    outcome text NOT NULL,
    status integer NOT NULL,
    error text NOT NULL,
    why text NOT NULL,
    attempts integer NOT NULL,
    retries integer NOT NULL,
    fallbacks integer NOT NULL,
    streamed boolean NOT NULL,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    usage_source text NOT NULL,
    cost_nano_usd bigint,
    cost_is_at_least boolean NOT NULL,
    queue_ms bigint NOT NULL,
    first_token_ms bigint,
    total_ms bigint NOT NULL,
    shipped_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX spillway_spend_logs_started ON spillway_spend_logs (started_at);
CREATE INDEX spillway_spend_logs_key_started ON spillway_spend_logs (key_hash, started_at);
CREATE VIEW spillway_spend_logs_litellm AS
SELECT request_id,
       call_type,
       key_hash AS api_key,
       cost_nano_usd / 1000000000.0 AS spend,
       prompt_tokens::numeric + completion_tokens AS total_tokens,
       prompt_tokens,
       completion_tokens,
       started_at AS "startTime",
       ended_at AS "endTime",
       total_ms AS request_duration_ms,
       coalesce(first_token_at, CASE WHEN outcome = 'served' THEN ended_at END)
           AS "completionStartTime",
       coalesce(nullif(upstream_model, ''), asked_model) AS model,
       deployment_id AS model_id,
       model_group,
       provider AS custom_llm_provider,
       api_base,
       '' AS "user",
       jsonb_build_object(
           'usage_source', usage_source, 'outcome', outcome, 'status', status, 'error', error,
           'why', why, 'attempts', attempts, 'retries', retries, 'fallbacks', fallbacks,
           'stream', streamed, 'asked_model', asked_model, 'cost_nano_usd', cost_nano_usd,
           'cost_is_at_least', cost_is_at_least, 'cached_tokens', cached_tokens,
           'cache_write_tokens', cache_write_tokens, 'reasoning_tokens', reasoning_tokens,
           'queue_ms', queue_ms, 'first_token_ms', first_token_ms) AS metadata,
       'False' AS cache_hit,
       '' AS cache_key,
       tags AS request_tags,
       NULL::text AS team_id,
       NULL::text AS organization_id,
       end_user,
       NULL::text AS requester_ip_address,
       '{}'::jsonb AS messages,
       '{}'::jsonb AS response,
       NULL::text AS session_id,
       CASE WHEN outcome = 'served' THEN 'success' ELSE 'failure' END AS status
FROM spillway_spend_logs;
)sql",
    R"sql(
ALTER TABLE spillway_spend_logs
    ADD COLUMN route text,
    ADD COLUMN rule text,
    ADD COLUMN reason text,
    ADD COLUMN features jsonb,
    ADD COLUMN kept_local boolean;
CREATE OR REPLACE VIEW spillway_spend_logs_litellm AS
SELECT request_id,
       call_type,
       key_hash AS api_key,
       cost_nano_usd / 1000000000.0 AS spend,
       prompt_tokens::numeric + completion_tokens AS total_tokens,
       prompt_tokens,
       completion_tokens,
       started_at AS "startTime",
       ended_at AS "endTime",
       total_ms AS request_duration_ms,
       coalesce(first_token_at, CASE WHEN outcome = 'served' THEN ended_at END)
           AS "completionStartTime",
       coalesce(nullif(upstream_model, ''), asked_model) AS model,
       deployment_id AS model_id,
       model_group,
       provider AS custom_llm_provider,
       api_base,
       '' AS "user",
       jsonb_build_object(
           'usage_source', usage_source, 'outcome', outcome, 'status', status, 'error', error,
           'why', why, 'attempts', attempts, 'retries', retries, 'fallbacks', fallbacks,
           'stream', streamed, 'asked_model', asked_model, 'cost_nano_usd', cost_nano_usd,
           'cost_is_at_least', cost_is_at_least, 'cached_tokens', cached_tokens,
           'cache_write_tokens', cache_write_tokens, 'reasoning_tokens', reasoning_tokens,
           'queue_ms', queue_ms, 'first_token_ms', first_token_ms,
           'route', route, 'rule', rule, 'reason', reason,
           'kept_local', kept_local) AS metadata,
       'False' AS cache_hit,
       '' AS cache_key,
       tags AS request_tags,
       NULL::text AS team_id,
       NULL::text AS organization_id,
       end_user,
       NULL::text AS requester_ip_address,
       '{}'::jsonb AS messages,
       '{}'::jsonb AS response,
       NULL::text AS session_id,
       CASE WHEN outcome = 'served' THEN 'success' ELSE 'failure' END AS status
FROM spillway_spend_logs;
)sql",
    R"sql(
ALTER TABLE spillway_spend_logs
    ADD COLUMN team_id text NOT NULL DEFAULT '',
    ADD COLUMN user_id text NOT NULL DEFAULT '',
    ADD COLUMN charged_nano_usd bigint,
    ADD COLUMN charged_at timestamptz,
    ADD COLUMN reference_nano_usd bigint,
    ADD COLUMN replayed boolean NOT NULL DEFAULT false;
CREATE OR REPLACE VIEW spillway_spend_logs_litellm AS
SELECT request_id,
       call_type,
       key_hash AS api_key,
       cost_nano_usd / 1000000000.0 AS spend,
       prompt_tokens::numeric + completion_tokens AS total_tokens,
       prompt_tokens,
       completion_tokens,
       started_at AS "startTime",
       ended_at AS "endTime",
       total_ms AS request_duration_ms,
       coalesce(first_token_at, CASE WHEN outcome = 'served' THEN ended_at END)
           AS "completionStartTime",
       coalesce(nullif(upstream_model, ''), asked_model) AS model,
       deployment_id AS model_id,
       model_group,
       provider AS custom_llm_provider,
       api_base,
       user_id AS "user",
       jsonb_build_object(
           'usage_source', usage_source, 'outcome', outcome, 'status', status, 'error', error,
           'why', why, 'attempts', attempts, 'retries', retries, 'fallbacks', fallbacks,
           'stream', streamed, 'asked_model', asked_model, 'cost_nano_usd', cost_nano_usd,
           'cost_is_at_least', cost_is_at_least, 'cached_tokens', cached_tokens,
           'cache_write_tokens', cache_write_tokens, 'reasoning_tokens', reasoning_tokens,
           'queue_ms', queue_ms, 'first_token_ms', first_token_ms,
           'route', route, 'rule', rule, 'reason', reason,
           'kept_local', kept_local, 'charged_nano_usd', charged_nano_usd,
           'reference_nano_usd', reference_nano_usd) AS metadata,
       CASE WHEN replayed THEN 'True' ELSE 'False' END AS cache_hit,
       '' AS cache_key,
       tags AS request_tags,
       nullif(team_id, '') AS team_id,
       NULL::text AS organization_id,
       end_user,
       NULL::text AS requester_ip_address,
       '{}'::jsonb AS messages,
       '{}'::jsonb AS response,
       NULL::text AS session_id,
       CASE WHEN outcome = 'served' THEN 'success' ELSE 'failure' END AS status
FROM spillway_spend_logs;
)sql",
    R"sql(
ALTER TABLE spillway_spend_logs ADD COLUMN engine jsonb;
CREATE OR REPLACE VIEW spillway_spend_logs_litellm AS
SELECT request_id,
       call_type,
       key_hash AS api_key,
       cost_nano_usd / 1000000000.0 AS spend,
       prompt_tokens::numeric + completion_tokens AS total_tokens,
       prompt_tokens,
       completion_tokens,
       started_at AS "startTime",
       ended_at AS "endTime",
       total_ms AS request_duration_ms,
       coalesce(first_token_at, CASE WHEN outcome = 'served' THEN ended_at END)
           AS "completionStartTime",
       coalesce(nullif(upstream_model, ''), asked_model) AS model,
       deployment_id AS model_id,
       model_group,
       provider AS custom_llm_provider,
       api_base,
       user_id AS "user",
       jsonb_build_object(
           'usage_source', usage_source, 'outcome', outcome, 'status', status, 'error', error,
           'why', why, 'attempts', attempts, 'retries', retries, 'fallbacks', fallbacks,
           'stream', streamed, 'asked_model', asked_model, 'cost_nano_usd', cost_nano_usd,
           'cost_is_at_least', cost_is_at_least, 'cached_tokens', cached_tokens,
           'cache_write_tokens', cache_write_tokens, 'reasoning_tokens', reasoning_tokens,
           'queue_ms', queue_ms, 'first_token_ms', first_token_ms,
           'route', route, 'rule', rule, 'reason', reason,
           'kept_local', kept_local, 'charged_nano_usd', charged_nano_usd,
           'reference_nano_usd', reference_nano_usd, 'engine', engine) AS metadata,
       CASE WHEN replayed THEN 'True' ELSE 'False' END AS cache_hit,
       '' AS cache_key,
       tags AS request_tags,
       nullif(team_id, '') AS team_id,
       NULL::text AS organization_id,
       end_user,
       NULL::text AS requester_ip_address,
       '{}'::jsonb AS messages,
       '{}'::jsonb AS response,
       NULL::text AS session_id,
       CASE WHEN outcome = 'served' THEN 'success' ELSE 'failure' END AS status
FROM spillway_spend_logs;
)sql",
};

constexpr const char* columns =
    "request_id, started_at, ended_at, first_token_at, call_type, key_hash, end_user, tags, "
    "asked_model, model_group, deployment_id, provider, upstream_model, api_base, outcome, status, "
    "error, why, attempts, retries, fallbacks, streamed, prompt_tokens, completion_tokens, "
    "cached_tokens, cache_write_tokens, reasoning_tokens, usage_source, cost_nano_usd, "
    "cost_is_at_least, queue_ms, first_token_ms, total_ms, route, rule, reason, features, "
    "kept_local, team_id, user_id, charged_nano_usd, charged_at, reference_nano_usd, replayed, "
    "engine";
constexpr int column_count = 45;

int number_in(const std::optional<std::string>& text)
{
    int value = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), value);
    }
    return value;
}

postgres::Outcome<int> version_of(postgres::Session& session)
{
    // Asked first, because creating what exists needs rights that reading does not.
    auto exists = session.ask("SELECT to_regclass('spillway_schema_version')", {});
    if (!exists) {
        return tl::make_unexpected(std::move(exists).error());
    }
    if (!*exists) {
        return 0;
    }
    auto version = session.ask("SELECT max(version) FROM spillway_schema_version", {});
    if (!version) {
        return tl::make_unexpected(std::move(version).error());
    }
    return number_in(*version);
}

postgres::Outcome<void> upgrade(postgres::Session& session)
{
    auto done = session.run("BEGIN");
    if (done) {
        done = session.run(migration_lock);
    }
    if (done) {
        done = session.run(
            "CREATE TABLE IF NOT EXISTS spillway_schema_version (version integer PRIMARY KEY, "
            "applied timestamptz NOT NULL DEFAULT now())");
    }
    if (!done) {
        return done;
    }
    // Another daemon may have done the work while this one waited for the lock.
    auto version = version_of(session);
    if (!version) {
        return tl::make_unexpected(std::move(version).error());
    }
    for (auto next = static_cast<std::size_t>(*version); next < migrations.size(); ++next) {
        if (done = session.run(migrations.at(next)); !done) {
            return done;
        }
        auto noted = session.ask("INSERT INTO spillway_schema_version (version) VALUES ($1::int)",
                                 {std::to_string(next + 1)});
        if (!noted) {
            return tl::make_unexpected(std::move(noted).error());
        }
    }
    return session.run("COMMIT");
}

std::optional<std::string> text_of(const std::optional<Millis>& duration)
{
    return duration ? std::optional{std::to_string(duration->count())} : std::nullopt;
}

}  // namespace

postgres::Outcome<void> migrate(postgres::Session& session)
{
    auto version = version_of(session);
    if (!version) {
        return tl::make_unexpected(std::move(version).error());
    }
    const auto newest = static_cast<int>(migrations.size());
    if (*version > newest) {
        return tl::make_unexpected(postgres::Trouble{
            "", "the database has schema version " + std::to_string(*version) +
                    ", this spillway knows " + std::to_string(newest) + "; use a newer spillway"});
    }
    return *version == newest ? postgres::Outcome<void>{} : upgrade(session);
}

std::string insert_statement()
{
    std::string sql = std::string{"INSERT INTO spillway_spend_logs ("} + columns + ") VALUES ($1";
    for (int i = 2; i <= column_count; ++i) {
        sql += ",$" + std::to_string(i);
    }
    return sql + ") ON CONFLICT (request_id) DO NOTHING";
}

postgres::Row parameters_of(const SpendRecord& record)
{
    postgres::Row row;
    row.reserve(column_count);
    const auto text = [&row](std::string_view value) { row.emplace_back(value); };
    const auto number = [&row](std::int64_t value) { row.emplace_back(std::to_string(value)); };
    const auto amount = [&row](const std::optional<NanoUsd>& value) {
        row.push_back(value ? std::optional{std::to_string(count(*value))} : std::nullopt);
    };
    const auto truth = [&row](bool value) { row.emplace_back(value ? "t" : "f"); };

    text(record.id.text());
    text(rfc3339(record.started));
    text(rfc3339(record.started + record.total));
    row.push_back(record.first_token ? std::optional{rfc3339(record.started + *record.first_token)}
                                     : std::nullopt);
    text(record.call_type);
    text(record.key_hash);
    text(record.end_user);
    text(record.tags.empty() ? "[]" : record.tags);
    text(record.asked_model);
    text(record.group);
    text(record.deployment_id);
    text(record.provider);
    text(record.upstream_model);
    text(record.api_base);
    text(name(record.outcome));
    number(record.status);
    text(record.error);
    text(record.why);
    number(record.attempts);
    number(record.retries);
    number(record.fallbacks);
    truth(record.streamed);
    number(count(record.usage.prompt));
    number(count(record.usage.completion));
    number(count(record.usage.cached));
    number(count(record.usage.cache_write));
    number(count(record.usage.reasoning));
    text(name(record.usage.source));
    amount(record.cost);
    truth(record.at_least);
    number(record.queue.count());
    row.push_back(text_of(record.first_token));
    number(record.total.count());
    const auto or_null = [&row](const std::string& value) {
        row.push_back(value.empty() ? std::nullopt : std::optional{value});
    };
    const RouteTaken nowhere;
    const auto& taken = record.routing ? *record.routing : nowhere;
    or_null(taken.route);
    or_null(taken.rule);
    or_null(taken.reason);
    or_null(taken.features);
    row.push_back(record.routing ? std::optional<std::string>{taken.kept_local ? "t" : "f"}
                                 : std::nullopt);
    text(record.team_id);
    text(record.user_id);
    amount(record.charged);
    row.push_back(record.charged_at ? std::optional{rfc3339(*record.charged_at)} : std::nullopt);
    amount(record.reference_cost);
    truth(record.replayed);
    or_null(record.engine);
    return row;
}

}  // namespace spillway::ledger::remote
