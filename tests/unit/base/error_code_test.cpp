#include "spillway/base/error_code.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace spillway {
namespace {

class EveryErrorRow : public testing::TestWithParam<ErrorRow> {};

TEST_P(EveryErrorRow, IsFoundByItsCode)
{
    EXPECT_EQ(describe(GetParam().code).name, GetParam().name);
}

TEST_P(EveryErrorRow, HasAStatusOfItsOriginsFamily)
{
    const ErrorRow& row = GetParam();
    if (row.origin == Origin::client) {
        EXPECT_TRUE(row.status >= 400 && row.status < 500) << row.status;
    } else {
        EXPECT_TRUE(row.status >= 400 && row.status < 600) << row.status;
    }
}

TEST_P(EveryErrorRow, SaysWhatHappenedInASentence)
{
    const std::string_view sentence = GetParam().sentence;
    ASSERT_GT(sentence.size(), 20u);
    EXPECT_EQ(sentence.back(), '.');
    EXPECT_FALSE(GetParam().type.empty());
}

INSTANTIATE_TEST_SUITE_P(ErrorTable, EveryErrorRow,
                         testing::ValuesIn(error_table().begin(), error_table().end()),
                         [](const auto& param) {
                             return std::string(param.param.name) + "_" +
                                    std::to_string(static_cast<int>(param.param.code));
                         });

TEST(ErrorTable, HasOneRowForEachCode)
{
    EXPECT_EQ(error_table().size(), static_cast<std::size_t>(Errc::internal) + 1);
}

TEST(ErrorTable, NamesNoTwoFailuresAlike)
{
    std::set<std::string_view> names;
    for (const ErrorRow& row : error_table()) {
        // Whose rate limit it is makes no difference to what a client should do.
        const bool shared = row.code == Errc::rate_limited;
        EXPECT_TRUE(shared || names.insert(row.name).second) << row.name;
    }
}

TEST(ErrorTable, TreatsAValueOutsideTheEnumAsOurOwnDefect)
{
    EXPECT_EQ(describe(static_cast<Errc>(9'999)).code, Errc::internal);
}

struct Shown {
    Errc code;
    int status;
    std::string_view name;
    std::string_view type;
};

class ErrorAsClientsKnowIt : public testing::TestWithParam<Shown> {};

TEST_P(ErrorAsClientsKnowIt, KeepsTheWordsOfTheOpenAiApi)
{
    const ErrorRow& row = describe(GetParam().code);
    EXPECT_EQ(row.status, GetParam().status);
    EXPECT_EQ(row.name, GetParam().name);
    EXPECT_EQ(row.type, GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    WireFacts, ErrorAsClientsKnowIt,
    testing::Values(
        Shown{Errc::unauthenticated, 401, "invalid_api_key", "invalid_request_error"},
        Shown{Errc::unknown_model, 404, "model_not_found", "invalid_request_error"},
        Shown{Errc::context_window_exceeded, 400, "context_length_exceeded",
              "invalid_request_error"},
        Shown{Errc::content_policy, 400, "content_policy_violation", "invalid_request_error"},
        Shown{Errc::upstream_rate_limited, 429, "rate_limit_exceeded", "rate_limit_error"},
        Shown{Errc::all_deployments_cooling, 429, "no_deployments_available", "rate_limit_error"},
        Shown{Errc::idempotency_conflict, 422, "idempotency_conflict", "invalid_request_error"},
        Shown{Errc::upstream_timeout, 504, "upstream_timeout", "upstream_error"},
        Shown{Errc::upstream_unreachable, 502, "upstream_unreachable", "upstream_error"},
        Shown{Errc::stream_broken, 502, "upstream_disconnected", "upstream_error"},
        Shown{Errc::draining, 503, "draining", "server_error"}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace spillway
