#include "spillway/route/final_error.hpp"

#include <gmock/gmock.h>

#include "unit/route/world.hpp"

namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_world::config_of;
using testing_world::failure;
using testing_world::row;

class FinalError : public testing::Test {
protected:
    void tried(std::uint32_t deployment, chat::Failure with)
    {
        attempts.push_back({DeploymentIndex{deployment}, GroupIndex{deployment}, std::move(with)});
    }
    Error made(const std::vector<std::string>& fallbacks = {})
    {
        return exhausted({table, "fast-local", attempts}, attempts.back().failure, fallbacks);
    }
    RoutingTable table{config_of({row("fast-local", "abc"), row("cloud-fast", "def")}), {}};
    std::vector<FailedAttempt> attempts;
};

TEST_F(FinalError, NamesEverythingThatWasTriedAndWhy)
{
    tried(0, failure(FailureClass::transient, 0, "connect refused"));
    tried(1, failure(FailureClass::transient, 500, "boom"));
    EXPECT_EQ(made().message(),
              "All attempts for model 'fast-local' failed. Tried: fast-local/abc (connect "
              "refused), cloud-fast/def (HTTP 500: boom)");
}

TEST_F(FinalError, FollowsTheLastFailure)
{
    tried(0, failure(FailureClass::transient));
    tried(1, failure(FailureClass::stalled));
    EXPECT_EQ(made().code(), Errc::upstream_timeout);
}

TEST_F(FinalError, TellsAnErrorInsideAnAnswerFromNoAnswer)
{
    tried(0, failure(FailureClass::transient, 0, "boom"));
    EXPECT_EQ(made().code(), Errc::upstream_unreachable);
    attempts.back().failure.answered = true;
    EXPECT_EQ(made().code(), Errc::upstream_bad_reply);
    attempts.back().failure.kind = FailureClass::overloaded;
    EXPECT_EQ(made().code(), Errc::upstream_overloaded);
}

TEST_F(FinalError, CarriesTheWaitOfTheLastFailure)
{
    tried(0, failure(FailureClass::rate_limited, 429));
    EXPECT_FALSE(made().retry_after());
    attempts.back().failure.retry_after = 9s;
    EXPECT_EQ(made().retry_after(), 9s);
}

TEST_F(FinalError, HasWordsWhereTheUpstreamHadNone)
{
    tried(0, failure(FailureClass::stalled));
    EXPECT_THAT(made().message(), EndsWith("fast-local/abc (no answer in time)"));
}

TEST_F(FinalError, KeepsTheUpstreamsWordsForARejectedRequest)
{
    tried(0, failure(FailureClass::rejected, 422, "temperature must be at most 2"));
    EXPECT_EQ(made().message(), "temperature must be at most 2");
    EXPECT_EQ(made().code(), Errc::upstream_rejected);
}

TEST_F(FinalError, KeepsTheWordsThatClientsMatchForALongPrompt)
{
    tried(0, failure(FailureClass::too_long, 400, "maximum context length is 8 tokens"));
    const auto error = made({"cloud-fast"});
    EXPECT_THAT(error.message(), StartsWith("ContextWindowExceededError"));
    EXPECT_THAT(error.message(), HasSubstr("context window"));
    EXPECT_THAT(error.message(), HasSubstr("maximum context length is 8 tokens"));
    EXPECT_THAT(error.message(), HasSubstr("context_window_fallbacks=None"));
    EXPECT_THAT(error.message(), HasSubstr("Available Model Group Fallbacks=['cloud-fast']"));
    EXPECT_THAT(made().message(), HasSubstr("Available Model Group Fallbacks=None"));
}

TEST_F(FinalError, NamesTheContentPolicy)
{
    tried(0, failure(FailureClass::content_policy, 400, "flagged"));
    EXPECT_EQ(made().message(), "ContentPolicyViolationError: flagged");
}

TEST_F(FinalError, CountsWhatItDoesNotList)
{
    for (int i = 0; i < 40; ++i) {
        tried(0, failure(FailureClass::transient, 500, std::string(5'000, 'x')));
    }
    EXPECT_THAT(made().message(), EndsWith(" and 28 more"));
    EXPECT_LT(made().message().size(), 3'000u);
}

TEST_F(FinalError, LetsNoControlCharactersThrough)
{
    tried(0, failure(FailureClass::transient, 500, "a\r\nset-cookie: x"));
    EXPECT_THAT(made().message(), Not(HasSubstr("\n")));
}

TEST_F(FinalError, SaysThatTheTimeIsOver)
{
    tried(0, failure(FailureClass::transient, 0, "connect refused"));
    const auto error = out_of_time({table, "fast-local", attempts});
    EXPECT_EQ(error.code(), Errc::upstream_timeout);
    EXPECT_THAT(error.message(), EndsWith("Tried: fast-local/abc (connect refused)"));
}

TEST_F(FinalError, SaysThatTheAnswerBrokeOff)
{
    tried(0, failure(FailureClass::transient, 0, "connection closed"));
    EXPECT_EQ(broken_off({table, "fast-local", attempts}).code(), Errc::stream_broken);
}

TEST_F(FinalError, RoundsTheWaitUpToSeconds)
{
    EXPECT_EQ(all_cooling("m", 1ms).retry_after(), 1s);
    EXPECT_EQ(all_cooling("m", 1'001ms).retry_after(), 2s);
    EXPECT_EQ(all_cooling("m", 0ms).retry_after(), 1s);
}

}  // namespace
}  // namespace spillway::route
