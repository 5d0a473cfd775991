#include "spillway/gateway/answer_headers.hpp"

#include <gmock/gmock.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

std::string copied(std::string_view name, RateLines rates = RateLines::upstream)
{
    net::ReplyHead head;
    EXPECT_TRUE(head.fields.add({name, "v"}));
    net::HeaderLines lines;
    {
        LineBuffer text(lines);
        copy_reply_headers(text, head, rates);
    }
    return lines.text();
}

TEST(CopyReplyHeaders, LetsThroughWhatAClientMaySee)
{
    for (const std::string name :
         {"content-type", "Content-Type", "x-request-id", "request-id", "retry-after",
          "Retry-After-Ms", "content-disposition", "x-ratelimit-remaining-tokens",
          "X-RateLimit-Limit", "openai-processing-ms", "OpenAI-Version",
          "anthropic-ratelimit-requests-limit"})
        EXPECT_EQ(copied(name), name + ": v\r\n");
}

TEST(CopyReplyHeaders, NamesTheUpstreamsLimitsAsItsOwnWhereOursHold)
{
    EXPECT_EQ(copied("x-ratelimit-limit-requests", RateLines::own),
              "llm_provider-x-ratelimit-limit-requests: v\r\n");
    EXPECT_EQ(copied("retry-after", RateLines::own), "retry-after: v\r\n");
}

TEST(CopyReplyHeaders, KeepsEverythingElse)
{
    for (const std::string name :
         {"set-cookie", "server", "date", "content-length", "transfer-encoding", "connection",
          "x-request-ib", "retry-afteR-msx", "xx-ratelimit-a", "x-ratelimit", "openai",
          "anthropic-organization-id", "access-control-allow-origin", "www-authenticate"})
        EXPECT_EQ(copied(name), "");
}

TEST(LineBuffer, HandsOverWhatIsLargerThanItself)
{
    const std::string small(700, 's');
    const std::string large(5'000, 'l');
    net::HeaderLines lines;
    {
        LineBuffer text(lines);
        text.put(small).put(small).put(large).put("end").put(std::int64_t{-42});
    }
    EXPECT_EQ(lines.text(), small + small + large + "end-42");
}

class AnswerHeaders : public ::testing::Test {
protected:
    std::string text(int retries, int fallbacks) const
    {
        net::HeaderLines lines;
        {
            LineBuffer buffer(lines);
            add_answer_headers(buffer, id_, snapshot_->upstreams[1], retries, fallbacks);
        }
        return lines.text();
    }

    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_ =
        testing::snapshot_of(testing::small_config(), metrics_);
    RequestId id_{1, 2};
};

TEST_F(AnswerHeaders, NameTheCallAndTheDeployment)
{
    const auto lines = text(0, 0);
    EXPECT_THAT(lines, HasSubstr("x-spillway-call-id: " + id_.text() + "\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-litellm-call-id: " + id_.text() + "\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-litellm-model-id: id-cloud\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-litellm-model-group: cloud\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-litellm-model-api-base: https://relay.example.com/v1\r\n"));
    EXPECT_THAT(lines, Not(HasSubstr("sk-upstream")));
}

TEST_F(AnswerHeaders, CountRetriesAndFallbacks)
{
    EXPECT_THAT(text(0, 0), HasSubstr("x-litellm-attempted-retries: 0\r\n"));
    EXPECT_THAT(text(0, 0), HasSubstr("x-spillway-attempted-fallbacks: 0\r\n"));
    const auto lines = text(12, 3);
    EXPECT_THAT(lines, HasSubstr("x-spillway-attempted-retries: 12\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-litellm-attempted-retries: 12\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-spillway-attempted-fallbacks: 3\r\n"));
    EXPECT_THAT(lines, HasSubstr("x-litellm-attempted-fallbacks: 3\r\n"));
}

TEST(FinalHeaders, PrintTheCostToTheNanoDollarAndOurOwnTime)
{
    ledger::SpendRecord record;
    record.cost = NanoUsd{1000 * 2500 + 100 * 10000};
    record.total = 100ms;
    Outcome outcome;
    outcome.upstream_time = 90ms;
    net::HeaderLines lines;
    {
        LineBuffer text(lines);
        add_final_headers(text, record, outcome);
    }
    EXPECT_THAT(lines.text(), HasSubstr("x-litellm-response-cost: 0.0035\r\n"));
    EXPECT_THAT(lines.text(), HasSubstr("x-spillway-response-cost: 0.0035\r\n"));
    EXPECT_THAT(lines.text(), HasSubstr("x-spillway-overhead-duration-ms: 10\r\n"));
    EXPECT_THAT(lines.text(), HasSubstr("x-litellm-response-duration-ms: 100\r\n"));
}

}  // namespace
}  // namespace spillway::gateway
