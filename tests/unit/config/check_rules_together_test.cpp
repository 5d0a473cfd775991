// What `spillway check` says of rules that share out all requests, of values that exclude each
// other, and of costs: which it takes, and where it points in those that it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rule_files.hpp"

namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

class RulesThat : public testing::TestWithParam<Case> {};

TEST_P(RulesThat, LeaveSomething)
{
    EXPECT_THAT(errors(load(file(GetParam().rules, GetParam().more))), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    AcceptedTogether, RulesThat,
    testing::Values(Case{"turns_with_a_gap",
                         "{name: a, when: {turns: \">=3\"}, use: [cloud]}\n"
                         "{name: b, when: {turns: \"<2\"}, use: [cloud]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"},
                    Case{"turns_shared_out_by_rules_that_ask_for_more",
                         "{name: a, when: {turns: \">=3\", has: code}, use: [cloud]}\n"
                         "{name: b, when: {turns: \"<3\"}, use: [cloud]}\n"
                         "{name: c, when: {words: x}, use: [cloud]}"},
                    Case{"prompts_without_a_token",
                         "{name: a, when: {prompt_tokens: \">0\"}, use: [cloud]}\n"
                         "{name: b, when: {has: code}, use: [cloud]}"},
                    Case{"what_has_no_score",
                         "{name: a, when: {complexity: \">=0.5\"}, use: [cloud]}\n"
                         "{name: b, when: {complexity: \"<0.5\"}, use: [cloud]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"},
                    Case{"what_has_no_cost",
                         "{name: a, when: {cost: \">0.1\"}, use: [own]}\n"
                         "{name: b, when: {cost: \"<=0.1\"}, use: [own]}\n"
                         "{name: c, when: {has: code}, use: [own]}"},
                    Case{"costs_shared_out_by_other_targets",
                         "{name: a, when: {cost: \">0.1\"}, use: [cloud]}\n"
                         "{name: b, when: {cost: \"<=0.1\"}, use: [own]}\n"
                         "{name: c, when: {cost: \">0.05\"}, use: [dear]}"},
                    Case{"budgets_shared_out_by_other_targets",
                         "{name: a, when: {budget_left: \">50%\"}, use: [cloud]}\n"
                         "{name: b, when: {budget_left: \"<=50%\"}, use: [own]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"},
                    Case{"weighed_tiers_shared_out_by_other_targets",
                         "{name: a, when: {complexity: \">=complex\"}, use: [cloud]}\n"
                         "{name: b, when: {complexity: \"<complex\"}, use: [own]}\n"
                         "{name: c, when: {has: code}, use: [own]}",
                         "    complexity: {gain_worth: 0.1}\n"},
                    Case{"a_minute_of_the_week",
                         "{name: a, when: {time: \"mon-fri\"}, use: [cloud]}\n"
                         "{name: b, when: {time: \"sat,sun 00:00-23:59\"}, use: [cloud]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"},
                    Case{"a_task_that_is_left",
                         "{name: a, when: {task: chat}, use: [cloud]}\n"
                         "{name: b, when: {task: [embedding, other]}, use: [cloud]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"},
                    Case{"half_of_what_not_forbids",
                         "{name: a, when: {not: {has: [code, images]}}, use: [cloud]}\n"
                         "{name: b, when: {has: code}, use: [cloud]}\n"
                         "{name: c, when: {has: images}, use: [cloud]}"},
                    Case{"other_values_of_a_header",
                         "{name: a, when: {header: {x: a}}, use: [cloud]}\n"
                         "{name: b, when: {not: {header: {x: }}}, use: [cloud]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"},
                    Case{"tags_that_are_there_and_tags_that_are_not",
                         "{name: a, when: {tag: a}, use: [cloud]}\n"
                         "{name: b, when: {not: {tag: [a, b]}}, use: [cloud]}\n"
                         "{name: c, when: {has: code}, use: [cloud]}"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    AcceptedValuesAndCosts, RulesThat,
    testing::Values(
        Case{"values_of_two_headers",
             "{name: a, when: {all: [{header: {x: a}}, {header: {y: b}}]}, use: [cloud]}"},
        Case{"several_values_of_a_header",
             "{name: a, when: {all: [{header: {x: a}}, {header: {X: [b, \"c*\"]}}]}, use: "
             "[cloud]}"},
        Case{"either_value_of_a_header",
             "{name: a, when: {any: [{header: {x: a}}, {header: {x: b}}]}, use: [cloud]}"},
        Case{"several_values_of_metadata",
             "{name: a, when: {all: [{metadata: {a.b: one}}, {metadata: {a.b: two}}]}, use: "
             "[cloud]}"},
        Case{"metadata_of_two_paths",
             "{name: a, when: {all: [{metadata: {a: x}}, {metadata: {a.b: y}}]}, use: [cloud]}"},
        Case{"a_key_that_may_be_an_alias",
             "{name: a, when: {all: [{key: "
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}, {key: b}]}, use: "
             "[cloud]}"},
        Case{"the_cost_of_shorter_answers",
             "{name: a, when: {cost: \">0.02\"}, use: [own], params: {max_tokens: 10}}\n"
             "{name: b, when: {cost: \">0.03\"}, use: [own]}"},
        Case{"a_long_answer_that_the_rule_shortens",
             "{name: a, when: {total_tokens: \">200k\"}, use: [small], params: {max_tokens: 10}}"},
        Case{"a_dear_answer_that_the_rule_shortens",
             "{name: a, when: {total_tokens: \">100k\"}, use: [own], max_cost: 0.02, params: "
             "{max_tokens: 10}}"},
        Case{"a_cost_below_the_ceiling",
             "{name: a, when: {cost: \">0.1\"}, use: [own], max_cost: 0.2}"},
        Case{"a_cost_at_the_ceiling",
             "{name: a, when: {cost: \">=0.05\"}, use: [own], max_cost: 0.05}"},
        Case{"a_cost_over_the_ceiling_but_not_of_what_is_free",
             "{name: a, when: {cost: \">0.1\"}, use: [own, small], max_cost: 0.05}"},
        Case{"a_cost_over_the_ceiling_but_not_of_what_is_cheaper",
             "{name: a, when: {cost: \">0.1\"}, use: [dear, own], max_cost: 0.06}"},
        Case{"a_cost_of_what_is_free_or_something_else",
             "{name: a, when: {any: [{cost: \">1\"}, {turns: \">3\"}]}, use: [small]}"},
        Case{"no_cost_of_what_is_free", "{name: a, when: {not: {cost: \">1\"}}, use: [small]}"},
        Case{"a_cost_that_so_many_tokens_may_have",
             "{name: a, when: {prompt_tokens: \">100k\", cost: \"<0.03\"}, use: [own]}"}),
    name_of);

class RuleThat : public testing::TestWithParam<Case> {};

TEST_P(RuleThat, NeverMatchesOrIsNeverServed)
{
    expect_refused_at_the_mark(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    RefusedBelowSeveral, RuleThat,
    testing::Values(
        Case{"is_below_all_turns",
             "{name: a, when: {turns: \">=3\"}, use: [cloud]}\n"
             "{name: b, when: {turns: \"<3\"}, use: [cloud]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_all_whole_numbers_of_turns",
             "{name: a, when: {turns: \"<=2\"}, use: [cloud]}\n"
             "{name: b, when: {turns: \">=3\"}, use: [cloud]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_three_ranges",
             "{name: a, when: {turns: \"<3\"}, use: [cloud]}\n"
             "{name: b, when: {turns: \">5\"}, use: [cloud]}\n"
             "{name: c, when: {turns: \"3..5\"}, use: [cloud]}\n"
             "{name: d, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_what_always_holds",
             "{name: a, when: {turns: \">=0\"}, use: [cloud]}\n"
             "{name: b, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_any_of_what_always_holds",
             "{name: a, when: {any: [{has: tools}, {prompt_tokens: \">=0\"}]}, use: [cloud]}\n"
             "{name: b, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_all_turns_of_its_own_kind",
             "{name: a, when: {turns: \">=3\", has: code}, use: [cloud]}\n"
             "{name: b, when: {turns: \"<3\"}, use: [cloud]}\n"
             "{name: c, when: ^{has: code, words: x}, use: [cloud]}"},
        Case{"is_below_two_ranges_of_its_own",
             "{name: a, when: {prompt_tokens: \">8k\"}, use: [cloud]}\n"
             "{name: b, when: {prompt_tokens: \"4k..8k\"}, use: [cloud]}\n"
             "{name: c, when: {^prompt_tokens: \">5k\"}, use: [cloud]}"},
        Case{"is_below_all_tiers",
             "{name: a, when: {complexity: \">=complex\"}, use: [cloud]}\n"
             "{name: b, when: {complexity: \"<complex\"}, use: [own]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_all_weighed_tiers_of_its_targets",
             "{name: a, when: {complexity: \">=complex\"}, use: [own]}\n"
             "{name: b, when: {complexity: \"<complex\"}, use: [own]}\n"
             "{name: c, when: {^has: code}, use: [own]}",
             "    complexity: {gain_worth: 0.1}\n"},
        Case{"is_below_all_scores_that_it_asks_for",
             "{name: a, when: {complexity: \">=0.5\"}, use: [cloud]}\n"
             "{name: b, when: {complexity: \"<0.5\"}, use: [cloud]}\n"
             "{name: c, when: {^complexity: \"0.2..0.7\"}, use: [cloud]}"},
        Case{"is_below_all_costs_that_it_asks_for",
             "{name: a, when: {cost: \">0.1\"}, use: [own]}\n"
             "{name: b, when: {cost: \"<=0.1\"}, use: [own]}\n"
             "{name: c, when: {^cost: \">0.01\"}, use: [own]}"},
        Case{"is_below_all_of_a_budget",
             "{name: a, when: {budget_left: {key: \">50%\"}}, use: [cloud]}\n"
             "{name: b, when: {budget_left: {key: \"<=50%\"}}, use: [own]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_all_of_the_week",
             "{name: a, when: {time: \"mon-fri\"}, use: [cloud]}\n"
             "{name: b, when: {time: \"sat,sun\"}, use: [cloud]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_all_tasks",
             "{name: a, when: {task: [chat, completion]}, use: [cloud]}\n"
             "{name: b, when: {task: [embedding, other]}, use: [cloud]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_a_condition_and_its_not",
             "{name: a, when: {has: code}, use: [cloud]}\n"
             "{name: b, when: {not: {has: code}}, use: [cloud]}\n"
             "{name: c, when: {^turns: \">3\"}, use: [cloud]}"},
        Case{"is_below_a_not_and_its_condition",
             "{name: a, when: {not: {words: x}}, use: [cloud]}\n"
             "{name: b, when: {words: [x, y]}, use: [cloud]}\n"
             "{name: c, when: {^turns: \">3\"}, use: [cloud]}"},
        Case{"is_below_a_header_and_its_not",
             "{name: a, when: {header: {x: }}, use: [cloud]}\n"
             "{name: b, when: {not: {header: {x: a}}}, use: [cloud]}\n"
             "{name: c, when: {^has: code}, use: [cloud]}"},
        Case{"is_below_a_not_and_what_else_it_asks_for",
             "{name: a, when: {has: code, turns: \">3\"}, use: [cloud]}\n"
             "{name: b, when: {not: {has: code}}, use: [cloud]}\n"
             "{name: c, when: {^turns: \">4\"}, use: [cloud]}"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    RefusedForItsValuesOrCosts, RuleThat,
    testing::Values(
        Case{"asks_for_two_keys",
             "{name: a, when: {all: [{key: "
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}, {^key: "
             "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}]}, use: [cloud]}"},
        Case{"asks_for_no_cost", "{name: a, when: {^cost: \"<=0\"}, use: [own]}"},
        Case{"asks_for_the_cost_of_what_is_free", "{name: a, when: {^cost: \">0\"}, use: [small]}"},
        Case{"asks_for_the_cost_of_what_nobody_knows",
             "{name: a, when: {has: code, ^cost: \"<1\"}, use: [unpriced, small]}"},
        Case{"has_a_ceiling_below_the_cost_it_asks_for",
             "{name: a, when: {^cost: \">0.10\"}, use: [own], max_cost: 0.05}"},
        Case{"has_a_ceiling_at_the_cost_it_asks_for_more_than",
             "{name: a, when: {^cost: \">0.05\"}, use: [own, unpriced], max_cost: 0.05}"},
        Case{"has_a_ceiling_below_the_cost_everywhere",
             "{name: a, when: {^cost: \">0.1\"}, use: [own, dear], max_cost: 0.04}"},
        Case{"asks_for_many_tokens_at_a_small_cost",
             "{name: a, when: {prompt_tokens: \">100k\", ^cost: \"<0.02\"}, use: [own]}"}),
    name_of);

TEST(RulesTogether, AreNamed)
{
    EXPECT_THAT(errors(load(file("{name: a, when: {turns: \">=3\"}, use: [cloud]}\n"
                                 "{name: b, when: {has: code}, use: [cloud]}\n"
                                 "{name: c, when: {turns: \"<3\"}, use: [cloud]}\n"
                                 "{name: d, when: {has: tools}, use: [cloud]}",
                                 ""))),
                ElementsAre(EndsWith("rule \"d\" can never match: \"a\" and \"c\" above it "
                                     "together take every request it would")));
}

TEST(RulesTogether, AreAsFewAsCanBeRead)
{
    EXPECT_THAT(errors(load(file("{name: a, when: {turns: \">=3\"}, use: [cloud]}\n"
                                 "{name: b, when: {turns: less than 3}, use: [cloud]}\n"
                                 "{name: c, when: {has: code}, use: [cloud]}",
                                 ""))),
                ElementsAre(HasSubstr("turns")));
}

}  // namespace
}  // namespace spillway::config
