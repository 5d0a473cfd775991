// What `spillway check` says of rules: which files it takes, and where it points in those that it
// refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rule_files.hpp"

namespace spillway::config {
namespace {

using testing::IsEmpty;

class AFileOfRules : public testing::TestWithParam<Case> {};

TEST_P(AFileOfRules, IsTaken)
{
    EXPECT_THAT(errors(load(file(GetParam().rules, GetParam().more))), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Accepted, AFileOfRules,
    testing::Values(
        Case{"a_header_below_one_of_its_values",
             "{name: a, when: {header: {x-app: billing}}, use: [cloud]}\n"
             "{name: b, when: {header: {x-app: }}, use: [cloud]}"},
        Case{"metadata_below_one_of_its_values",
             "{name: a, when: {metadata: {tier: free}}, use: [cloud]}\n"
             "{name: b, when: {metadata: {tier: }}, use: [cloud]}"},
        Case{"a_header_but_one_value",
             "{name: a, when: {header: {x: }, not: {header: {x: a}}}, use: [cloud]}"},
        Case{"metadata_but_one_value",
             "{name: a, when: {metadata: {x: }, not: {metadata: {x: a}}}, use: [cloud]}"},
        Case{"the_cost_of_other_targets",
             "{name: a, when: {cost: \">0.02\"}, use: [cloud]}\n"
             "{name: b, when: {cost: \">0.02\"}, use: [own]}"},
        Case{"the_budgets_of_other_targets",
             "{name: a, when: {budget_left: \">10%\"}, use: [cloud]}\n"
             "{name: b, when: {budget_left: \">10%\"}, use: [own]}\n"
             "{name: c, when: {budget_left: {route: \">10%\"}}, use: [cloud]}\n"
             "{name: d, when: {budget_left: {route: \">10%\"}}, use: [own]}"},
        Case{"tiers_that_are_weighed_against_other_prices",
             "{name: a, when: {complexity: \">=complex\"}, use: [cloud]}\n"
             "{name: b, when: {complexity: \">=complex\"}, use: [own]}",
             "    complexity: {gain_worth: 0.1}\n"},
        Case{"what_other_targets_cost_under_not",
             "{name: a, when: {not: {cost: \"<0.01\"}}, use: [cloud]}\n"
             "{name: b, when: {cost: \">0.02\"}, use: [own]}"},
        Case{"any_class_below_one_class",
             "{name: a, when: {sensitive: [payment_card]}, use: [small]}\n"
             "{name: b, when: {sensitive: any}, use: [small]}"},
        Case{"overlapping_times",
             "{name: a, when: {time: \"mon-fri 09:00-18:00\"}, use: [cloud]}\n"
             "{name: b, when: {time: \"mon-fri 09:00-18:01\"}, use: [cloud]}"},
        Case{"a_wider_not",
             "{name: a, when: {not: {turns: \">3\"}}, use: [cloud]}\n"
             "{name: b, when: {not: {turns: \">4\"}}, use: [cloud]}"},
        Case{"two_tags", "{name: a, when: {all: [{tag: a}, {tag: b}]}, use: [cloud]}"},
        Case{"a_key_by_hash_and_by_alias",
             "{name: a, when: {all: [{key: a}, {key: b}]}, use: [cloud]}"},
        Case{"a_team_by_id_and_by_alias",
             "{name: a, when: {all: [{team: a}, {team: b}]}, use: [cloud]}"},
        Case{"users_with_common_names",
             "{name: a, when: {all: [{end_user: \"red-*\"}, {end_user: [red-one, blue]}]}, use: "
             "[cloud]}"},
        Case{"several_scopes",
             "{name: a, when: {budget_left: {any: \">10%\", key: \">50%\"}}, use: [cloud]}"},
        Case{"all_of_a_budget", "{name: a, when: {budget_left: \">=100%\"}, use: [cloud]}"},
        Case{"a_long_answer_that_is_shortened",
             "{name: a, when: {total_tokens: \">200k\"}, use: [small], clamp_max_tokens: true}"},
        Case{"a_prompt_that_just_fits",
             "{name: a, when: {prompt_tokens: \">=8192\"}, use: [small]}"},
        Case{"a_window_that_nobody_knows",
             "{name: a, when: {prompt_tokens: \">500k\"}, use: [unpriced]}"},
        Case{"a_ceiling_that_small_requests_meet",
             "{name: a, when: {turns: \">3\"}, use: [own], max_cost: 0.00001}"},
        // Rules count the tokens of `small`; these may be a quarter of them.
        Case{"a_window_of_a_model_that_may_count_fewer",
             "{name: a, when: {prompt_tokens: \">200k\"}, use: [cloud]}"},
        Case{"a_ceiling_that_a_model_that_counts_fewer_meets",
             "{name: a, when: {prompt_tokens: \">100k\"}, use: [own], max_cost: 0.09}"},
        Case{"an_answer_that_just_fits",
             "{name: a, when: {has: code}, use: [small], params: {max_tokens: 8192}}"},
        Case{"an_answer_that_is_shortened",
             "{name: a, when: {has: code}, use: [small], params: {max_tokens: 9000}, "
             "clamp_max_tokens: true}"},
        Case{"an_answer_below_the_ceiling",
             "{name: a, when: {has: code}, use: [own], params: {max_tokens: 1000, n: 2}, max_cost: "
             "0.021}"},
        Case{"one_turn", "{name: a, when: {turns: \"0.5..1.2\"}, use: [cloud]}"},
        Case{"a_prompt_without_an_answer",
             "{name: a, when: {prompt_tokens: \">100\", total_tokens: \"<=101\"}, use: [cloud]}"},
        Case{"a_ceiling_over_what_is_free",
             "{name: a, when: {prompt_tokens: \">4k\"}, use: [small], max_cost: 0}"}),
    name_of);

class ARuleThat : public testing::TestWithParam<Case> {};

TEST_P(ARuleThat, IsRefusedWhereItSaysSo)
{
    expect_refused_at_the_mark(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Refused, ARuleThat,
    testing::Values(
        Case{"is_below_any_class",
             "{name: a, when: {sensitive: any}, use: [small]}\n"
             "{name: b, when: {^sensitive: [payment_card]}, use: [small]}"},
        Case{"is_below_a_group_of_its_class",
             "{name: a, when: {sensitive: financial}, use: [small]}\n"
             "{name: b, when: {^sensitive: [payment_card, iban]}, use: [small]}"},
        Case{
            "is_below_its_own_time",
            "{name: a, when: {time: \"mon-fri 09:00-18:00\"}, use: [cloud]}\n"
            "{name: b, when: {^time: [\"mon 09:00-18:00\", \"tue-fri 10:00-18:00\"]}, use: [own]}"},
        Case{"is_below_its_own_not",
             "{name: a, when: {not: {has: code}}, use: [cloud]}\n"
             "{name: b, when: {^not: {has: code}}, use: [own]}"},
        Case{"is_below_a_narrower_not",
             "{name: a, when: {not: {turns: \">4\"}}, use: [cloud]}\n"
             "{name: b, when: {^not: {turns: \">3\"}}, use: [own]}"},
        Case{"is_below_a_not_that_it_never_meets",
             "{name: a, when: {not: {turns: \">4\"}}, use: [cloud]}\n"
             "{name: b, when: {^turns: \"<3\"}, use: [own]}"},
        Case{"is_below_the_header_alone",
             "{name: a, when: {header: {X-App: }}, use: [cloud]}\n"
             "{name: b, when: {header: {^x-app: billing}}, use: [own]}"},
        Case{"is_below_a_wider_name",
             "{name: a, when: {team: \"red-*\"}, use: [cloud]}\n"
             "{name: b, when: {^team: [red-one, \"red-t*\"]}, use: [own]}"},
        Case{"is_below_the_same_cost",
             "{name: a, when: {cost: \">0.02\"}, use: [own]}\n"
             "{name: b, when: {^cost: \">0.03\"}, use: [own]}"},
        Case{"is_below_the_same_budget",
             "{name: a, when: {budget_left: {key: \">10%\"}}, use: [cloud]}\n"
             "{name: b, when: {^budget_left: {key: \">20%\"}}, use: [own]}"},
        Case{"is_below_tiers_of_the_score",
             "{name: a, when: {complexity: \">=complex\"}, use: [cloud]}\n"
             "{name: b, when: ^{complexity: premium, has: code}, use: [own]}"},
        Case{"asks_for_two_times",
             "{name: a, when: {all: [{time: sat}, {^time: \"mon-fri\"}]}, use: [cloud]}"},
        Case{"asks_for_two_clients",
             "{name: a, when: {all: [{client: coding_agent}, {^client: open_webui}]}, use: "
             "[cloud]}"},
        Case{"asks_for_users_of_two_kinds",
             "{name: a, when: {all: [{end_user: \"red*\"}, {^end_user: [blue, green]}]}, use: "
             "[cloud]}"},
        Case{"asks_for_two_users",
             "{name: a, when: {all: [{end_user: a}, {^end_user: b}]}, use: [cloud]}"},
        Case{"asks_for_more_than_all_of_a_budget",
             "{name: a, when: {^budget_left: \">100%\"}, use: [cloud]}"},
        Case{"asks_for_two_shares_of_a_budget",
             "{name: a, when: {all: [{budget_left: \">50%\"}, {^budget_left: \"<40%\"}]}, use: "
             "[cloud]}"},
        Case{"asks_for_less_of_one_budget_than_of_the_tightest",
             "{name: a, when: {budget_left: {any: \">50%\", ^key: \"<40%\"}}, use: [cloud]}"},
        Case{"asks_for_what_not_forbids",
             "{name: a, when: {turns: \">3\", has: code, ^not: {all: [{turns: \">2\"}, {has: "
             "[code, images]}]}}, use: [cloud]}"},
        Case{"asks_for_a_class_that_not_forbids",
             "{name: a, when: {sensitive: iban, ^not: {sensitive: financial}}, use: [cloud]}"},
        Case{"asks_for_one_of_two_that_cannot_be",
             "{name: a, when: {turns: \">3\", any: [{^turns: \"<2\"}, {turns: \"<=3\"}]}, use: "
             "[cloud]}"},
        Case{"sends_long_answers_to_small_windows",
             "{name: a, when: {^total_tokens: \">200k\"}, use: [small]}"},
        Case{"sends_long_prompts_to_small_windows",
             "{name: a, when: {has: code, ^prompt_tokens: \">=8193\"}, use: [small]}"},
        Case{"sends_long_prompts_to_windows_of_the_price_table",
             "{name: a, when: {^prompt_tokens: \">600k\"}, use: [cloud]}"},
        Case{"sets_an_answer_beyond_the_window",
             "^{name: a, when: {has: code}, use: [small], params: {max_tokens: 50000}}"},
        Case{"sets_an_answer_beyond_its_ceiling",
             "^{name: a, when: {has: code}, use: [own], params: {max_tokens: 10000}, max_cost: "
             "0.09}"},
        Case{"sets_more_answers_than_its_ceiling_pays",
             "^{name: a, when: {has: code}, use: [own], params: {max_tokens: 1000, n: 128}, "
             "max_cost: 1}"},
        Case{"sets_an_answer_that_costs_more_than_it_asks_for",
             "{name: a, when: {^cost: \"<0.05\"}, use: [own], params: {max_tokens: 10000}}"},
        Case{"asks_for_a_part_of_a_turn", "{name: a, when: {^turns: \"0.5..0.7\"}, use: [cloud]}"},
        Case{"asks_for_prompts_longer_than_all_of_it",
             "{name: a, when: {prompt_tokens: \">100\", ^total_tokens: \"<100\"}, use: [cloud]}"},
        Case{"asks_for_prompts_longer_by_one_than_all_of_it",
             "{name: a, when: {prompt_tokens: \">100\", ^total_tokens: \"<101\"}, use: [cloud]}"},
        Case{"forbids_any_number_of_turns",
             "{name: a, when: {not: {^turns: \">=0\"}}, use: [cloud]}"},
        Case{"has_a_ceiling_that_nothing_meets",
             "^{name: a, when: {has: code}, use: [own, cloud], max_cost: 0.0000001}"},
        Case{"has_a_ceiling_that_no_such_prompt_meets",
             "^{name: a, when: {prompt_tokens: \">100k\"}, use: [own], max_cost: 0.02}"},
        Case{"has_a_ceiling_that_no_such_answer_meets",
             "^{name: a, when: {total_tokens: \">100k\"}, use: [own], max_cost: 0.02}"},
        Case{"has_a_ceiling_but_no_price",
             "^{name: a, when: {has: code}, use: [unpriced], max_cost: 5}"}),
    name_of);

}  // namespace
}  // namespace spillway::config
