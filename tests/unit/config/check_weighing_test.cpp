#include "spillway/config/check_weighing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rule_files.hpp"

// What `spillway check` says of `complexity` and `shadow`.
namespace spillway::config {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto hard = "{name: a, when: {complexity: \">=complex\"}, use: [cloud]}";

TEST(CheckWeighing, TakesSettingsThatDecideSomething)
{
    for (const auto* more :
         {"    complexity: {cloud_share: 20%, cloud_share_cap: 20%}\n",
          "    complexity: {gain_worth: 0.1}\n", "    complexity: {cloud_share: 100%}\n",
          "    shadow: {group: cloud, judge: own}\n", "    shadow: {group: small}\n",
          "    shadow: {group: small, max_cost_per_day: 0}\n"}) {
        const auto loaded = load(file(hard, more));
        EXPECT_THAT(errors(loaded), IsEmpty()) << more;
        EXPECT_THAT(warnings(loaded), Not(Contains(HasSubstr("complexity")))) << more;
        EXPECT_THAT(warnings(loaded), Not(Contains(HasSubstr("shadow")))) << more;
    }
}

class Weighed : public testing::TestWithParam<Case> {};

TEST_P(Weighed, IsTaken)
{
    EXPECT_THAT(errors(load(file(GetParam().rules, "    complexity: {gain_worth: 100}\n"))),
                IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    ByPrice, Weighed,
    testing::Values(Case{"free_first_and_then_priced",
                         "{name: a, when: {complexity: \"<complex\"}, use: [small, cloud]}"},
                    Case{"trivial_ones_whose_price_does_not_matter",
                         "{name: a, when: {complexity: trivial}, use: [small]}"},
                    Case{"others_by_their_score_alone",
                         "{name: a, when: {complexity: \">0.6\"}, use: [small]}"}),
    name_of);

class Unweighed : public testing::TestWithParam<Case> {};

TEST_P(Unweighed, IsRefusedAtTheTier)
{
    auto tested = GetParam();
    tested.more = "    complexity: {gain_worth: 100}\n";
    expect_refused_at_the_mark(tested);
}

INSTANTIATE_TEST_SUITE_P(
    ByPrice, Unweighed,
    testing::Values(
        Case{"hard_ones_of_what_is_free",
             "{name: a, when: {^complexity: \">=complex\"}, use: [small]}"},
        Case{"hard_ones_of_what_nobody_prices",
             "{name: a, when: {has: code, ^complexity: premium}, use: [unpriced]}"},
        Case{"not_hard_ones", "{name: a, when: {not: {^complexity: \">=complex\"}}, use: [small]}"},
        Case{"moderate_ones", "{name: a, when: {^complexity: moderate}, use: [small]}"}),
    name_of);

struct Setting {
    const char* more;
    const char* says;
    const char* rules = hard;
};
class ASettingThat : public testing::TestWithParam<Setting> {};

TEST_P(ASettingThat, DoesNothingIsNamed)
{
    const auto loaded = load(file(GetParam().rules, GetParam().more));
    EXPECT_THAT(errors(loaded), IsEmpty()) << GetParam().more;
    EXPECT_THAT(warnings(loaded), Contains(HasSubstr(GetParam().says))) << GetParam().more;
}

constexpr auto easy = "{name: a, when: {has: code}, use: [small]}";

INSTANTIATE_TEST_SUITE_P(
    Written, ASettingThat,
    testing::Values(
        Setting{"    complexity: {cloud_share: 20%}\n", "no rule asks whether", easy},
        Setting{"    complexity: {gain_worth: 0.1}\n", "no rule asks whether", easy},
        Setting{"    complexity: {cloud_share_cap: 20%}\n", "nothing without `cloud_share`"},
        Setting{"    complexity: {cloud_share: 20%, gain_worth: 0.1}\n", "`gain_worth` decides"},
        Setting{"    shadow: {group: unpriced}\n", "the price of \"unpriced\" is unknown"},
        Setting{"    shadow: {group: own, judge: unpriced}\n", "shadow.judge: the price"},
        Setting{"    shadow: {group: small}\n", "no other group", easy},
        Setting{"    shadow: {group: cloud, share: 0%}\n", "0% of the requests"},
        Setting{"    shadow: {group: own, max_cost_per_day: 0}\n", "0 pays for nothing"}));

TEST(CheckWeighing, KnowsWhatAnswersNothing)
{
    const auto loaded = load(R"(model_list:
- {model_name: chat, litellm_params: {model: openai/gpt-4o, api_key: k}}
- {model_name: vectors, litellm_params: {model: openai/text-embedding-3-small, api_key: k}}
routes:
  r: {otherwise: [chat], shadow: {group: vectors, judge: vectors}}
)");
    EXPECT_THAT(warnings(loaded),
                Contains(HasSubstr("shadow.group: \"vectors\" makes embeddings")));
    EXPECT_THAT(warnings(loaded),
                Contains(HasSubstr("shadow.judge: \"vectors\" makes embeddings")));
}

TEST(CheckWeighing, RefusesSharesThatLeaveNothing)
{
    const auto refused = [](const char* rules, const char* more) {
        return errors(load(file(rules, std::string("    complexity: ") + more + "\n")));
    };
    EXPECT_THAT(refused(hard, "{cloud_share: 20%, cloud_share_cap: 10%}"),
                Contains(HasSubstr("cloud_share_cap is below `cloud_share`")));
    EXPECT_THAT(refused(hard, "{cloud_share: 0%}"), Contains(HasSubstr("can never match")));
    const auto* light = "{name: a, when: {complexity: \"<complex\"}, use: [small]}";
    EXPECT_THAT(refused(light, "{cloud_share: 100%}"), Contains(HasSubstr("can never match")));
    EXPECT_THAT(refused(light, "{cloud_share: 0%}"), IsEmpty());
}

}  // namespace
}  // namespace spillway::config
