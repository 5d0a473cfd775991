#include <gtest/gtest.h>

#include "spillway/app/explain_command.hpp"

namespace spillway::app {
namespace {

TEST(ExplanationText, ShowsWhatWasDecidedAndWhy)
{
    const auto text = explanation_text(R"({"route":"auto","rule":"hard","reason":"route=auto",
        "boundary":"local","boundary_by":"class","prefer":"fast","chain":["cloud","big"],"worst_cost_usd":0.0125,
        "score":{"tier":"complex","rank":0.81,"gain":0.2,"confidence":0.7,
                 "reasons":[{"words":"long prompt","effect":0.4}]},
        "rules":[{"name":"private","held":false,"because":"sensitive"},
                 {"name":"hard","held":true,"because":"complexity"}],
        "candidates":[{"group":"cloud","deployment":"c1","verdict":"kept","local":false,
                       "worst_cost_usd":0.0125,"window":8192}],
        "features":{"prompt":12},"decided_in_us":4.25})");
    EXPECT_EQ(text,
              "route       auto\n"
              "rule        hard\n"
              "chain       cloud -> big\n"
              "boundary    local (class)\n"
              "prefers     fast\n"
              "worst case  $0.012500\n"
              "score       complex 0.81, expected gain +0.20, confidence 0.70\n"
              "            +0.40  long prompt\n"
              "rules       no        private  (sensitive)\n"
              "            takes it  hard  (complexity)\n"
              "candidates  cloud/c1  kept, remote, at most $0.012500, window 8192\n"
              "reason      route=auto\n"
              "features    {\"prompt\":12}\n"
              "decided in  4.2 us\n");
}

TEST(ExplanationText, BeginsWithTheRefusalWhereNobodyMayServe)
{
    const auto text = explanation_text(
        R"({"error":{"code":"no_local_deployment","message":"stays"},"rule":"private"})");
    EXPECT_EQ(text,
              "refused     no_local_deployment: stays\n"
              "rule        private\n");
}

TEST(ExplanationText, IsEmptyForWhatIsNoExplanation)
{
    EXPECT_EQ(explanation_text("[]"), "");
    EXPECT_EQ(explanation_text("{"), "");
}

}  // namespace
}  // namespace spillway::app
