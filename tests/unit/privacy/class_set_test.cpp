#include "spillway/privacy/class_set.hpp"

#include <gtest/gtest.h>

#include <set>

namespace spillway::privacy {
namespace {

TEST(ClassSet, HoldsWhatWasAddedAndNothingElse)
{
    ClassSet set{ClassId::email};
    set.add(ClassId::iban);
    EXPECT_TRUE(set.contains(ClassId::email));
    EXPECT_TRUE(set.contains(ClassId::iban));
    EXPECT_FALSE(set.contains(ClassId::phone));
    EXPECT_EQ(set.size(), 2u);
    set.remove({ClassId::email});
    EXPECT_EQ(set, ClassSet{ClassId::iban});
}

TEST(ClassSet, VisitsItsClassesInOrder)
{
    std::vector<ClassId> seen;
    ClassSet{ClassId::secret, ClassId::payment_card}.each(
        [&seen](ClassId id) { seen.push_back(id); });
    EXPECT_EQ(seen, (std::vector{ClassId::payment_card, ClassId::secret}));
}

TEST(ClassSet, NamesEveryBuiltInClassOnce)
{
    std::set<std::string_view> names;
    ClassSet::built_in().each([&names](ClassId id) { names.insert(name(id)); });
    EXPECT_EQ(names.size(), built_in_classes);
}

TEST(ParseClasses, FindsEveryClassByItsName)
{
    ClassSet::built_in().each(
        [](ClassId id) { EXPECT_EQ(parse_classes(name(id)), ClassSet{id}) << name(id); });
}

TEST(ParseClasses, KnowsGroups)
{
    EXPECT_EQ(parse_classes("any"), ClassSet::built_in());
    EXPECT_EQ(parse_classes("contact"), (ClassSet{ClassId::email, ClassId::phone}));
    EXPECT_EQ(parse_classes("financial"), (ClassSet{ClassId::payment_card, ClassId::iban}));
    const auto national = parse_classes("national_id").value();
    EXPECT_TRUE(national.contains(ClassId::us_ssn));
    EXPECT_TRUE(national.contains(ClassId::sg_nric));
    EXPECT_FALSE(national.contains(ClassId::passport));
    EXPECT_FALSE(national.contains(ClassId::payment_card));
}

TEST(ParseClasses, RefusesWhatItDoesNotKnow)
{
    EXPECT_FALSE(parse_classes("e-mail").has_value());
    EXPECT_FALSE(parse_classes("").has_value());
}

TEST(ClassNames, SuggestsTheNearestName)
{
    const auto parsed = ClassNames().parse("payment_crad");
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().message().find("did you mean 'payment_card'?"), std::string::npos)
        << parsed.error().message();
}

TEST(ClassNames, KnowsTheOperatorsOwn)
{
    const auto names = ClassNames::with_own({"projects", "customers"}).value();
    EXPECT_EQ(names.parse("customers").value(), ClassSet{own_class(1)});
    EXPECT_EQ(names.parse("own").value(), (ClassSet{own_class(0), own_class(1)}));
    EXPECT_TRUE(names.parse("any").value().contains(own_class(1)));
    EXPECT_EQ(names.list({ClassId::iban, own_class(0)}), "iban,projects");
}

TEST(ClassNames, ListsNothingAsNone)
{
    EXPECT_EQ(ClassNames().list({}), "none");
}

TEST(ClassNames, RefusesOwnIdsThatCannotBeNames)
{
    EXPECT_FALSE(ClassNames::with_own({"Has Blanks"}));
    EXPECT_FALSE(ClassNames::with_own({""}));
    EXPECT_FALSE(ClassNames::with_own({"email"}));
    EXPECT_FALSE(ClassNames::with_own({"any"}));
    EXPECT_FALSE(ClassNames::with_own({"own"}));
    EXPECT_FALSE(ClassNames::with_own({"twice", "twice"}));
    EXPECT_FALSE(ClassNames::with_own({std::string(41, 'a')}));
}

TEST(ClassNames, RefusesMoreOwnClassesThanTheSetHasRoomFor)
{
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < most_own_classes; ++i) {
        ids.push_back("own" + std::to_string(i));
    }
    EXPECT_TRUE(ClassNames::with_own(ids));
    ids.emplace_back("one-more");
    EXPECT_FALSE(ClassNames::with_own(ids));
}

}  // namespace
}  // namespace spillway::privacy
