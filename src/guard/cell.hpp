#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

#include "spillway/chat/model_facts.hpp"
#include "spillway/chat/quota.hpp"
#include "spillway/config/config.hpp"
#include "spillway/guard/fleet.hpp"
#include "spillway/guard/health.hpp"
#include "spillway/guard/outlier.hpp"
#include "spillway/guard/peak_average.hpp"
#include "spillway/guard/token_bucket.hpp"

namespace spillway::guard {

/// What the configuration says about resting, for one deployment.
struct Rules {
    bool may_rest = true;
    bool lone = false;    ///< The only member of its group.
    bool engine = false;  ///< A local engine: who finds nobody there need not ask again.
    Millis cooldown{};
    std::optional<int> allowed_fails;
    config::RetryPolicy allowed_fails_policy;
    std::optional<std::int64_t> requests_per_minute;  ///< Enforced; empty: no limit.
    std::optional<std::int64_t> tokens_per_minute;
    [[nodiscard]] bool limited() const { return requests_per_minute || tokens_per_minute; }
};

/// A sum over the last minute in slices of ten seconds.
class LastMinute {
public:
    void add(double amount, TimePoint now);
    [[nodiscard]] double sum(TimePoint now) const;

private:
    struct Slice {
        std::int64_t number = -1;
        double amount = 0;
    };
    std::array<Slice, 6> slices_;
};

/// State of one deployment. Safe from any thread.
class Fleet::Cell {
public:
    [[nodiscard]] route::DeploymentState read(const Rules& rules, TimePoint now) const;
    [[nodiscard]] Health health(const Rules& rules, TimePoint now) const;
    [[nodiscard]] int state_number(TimePoint now) const;
    [[nodiscard]] Pace pace(TimePoint now) const;

    [[nodiscard]] std::optional<std::int64_t> admit(const chat::TokenWish& wish, const Rules& rules,
                                                    TimePoint now);
    void started(TimePoint now);
    /// Whether it is time to compare the deployment's pace with its group's.
    enum class Compare : std::uint8_t { no, now };
    [[nodiscard]] Compare ended(const AttemptReport& report, const Rules& rules, TimePoint now);
    /// It is slower than its group bears.
    void lags(const Rules& rules, TimePoint now);
    void told(const chat::Quota& quota, TimePoint now);
    void checked(HealthCheck check);
    void learned(const chat::ModelFacts& facts, TimePoint when);

private:
    [[nodiscard]] bool warm(TimePoint now) const;
    [[nodiscard]] bool loading(TimePoint now) const;
    [[nodiscard]] route::DeploymentState read_locked(const Rules& rules, TimePoint now) const;
    void measure(const AttemptReport& report, TimePoint now);
    void recovered(TimePoint now);
    void count_failure(chat::FailureClass kind);
    void turn_minute(TimePoint now);
    [[nodiscard]] bool must_rest(const chat::Failure& failure, const Rules& rules) const;
    void rest(const chat::Failure& failure, const Rules& rules, TimePoint now);

    mutable std::mutex mutex_;
    TimePoint rests_until_{};
    RestCause cause_ = RestCause::failures;
    std::optional<chat::FailureClass> failure_;  ///< That began the last rest.
    bool unproven_ = false;                      ///< Has rested and not answered since.
    bool probing_ = false;
    int failed_probes_ = 0;

    std::uint32_t in_flight_ = 0;
    PeakAverage first_token_;
    double tokens_per_second_ = 0;
    LastMinute tokens_;
    LastMinute requests_;
    std::optional<TimePoint> answered_;
    TimePoint compared_{};

    std::int64_t minute_ = -1;
    std::uint32_t calls_ = 0;     ///< Of the current minute, as are the next two.
    std::uint32_t failures_ = 0;  ///< Those that are the deployment's own.
    std::array<std::uint32_t, chat::failure_class_count> by_class_{};

    bool unreachable_ = false;
    std::optional<HealthCheck> check_;
    std::optional<ModelReport> report_;  ///< The engine's last one.
    std::optional<Tokens> window_;       ///< As it was last told.
    std::optional<QuotaLeft> requests_left_;
    std::optional<QuotaLeft> tokens_left_;
    std::optional<TokenBucket> requests_room_;  ///< Once something was taken of the limit.
    std::optional<TokenBucket> tokens_room_;
};

}  // namespace spillway::guard
