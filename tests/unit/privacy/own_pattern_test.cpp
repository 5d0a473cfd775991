#include <gtest/gtest.h>

#include "spillway/privacy/scanner.hpp"

namespace spillway::privacy {
namespace {

Rules with_own(OwnPattern own)
{
    Rules rules;
    rules.own.push_back(std::move(own));
    return rules;
}

std::string names_in(const Scanner& scanner, std::string_view text)
{
    return scanner.names().list(scanner.scan(text));
}

TEST(OwnPattern, FindsItsExpressions)
{
    const auto scanner =
        Scanner::build(with_own({"projects", {"PRJ-[0-9]{4}", "(?i)blue ?bird"}, {}})).value();
    EXPECT_EQ(names_in(scanner, "see PRJ-1234"), "projects");
    EXPECT_EQ(names_in(scanner, "see prj-1234"), "none");
    EXPECT_EQ(names_in(scanner, "the BlueBird plan"), "projects");
}

TEST(OwnPattern, FindsItsWordsInAnyCaseAndWhole)
{
    const auto scanner =
        Scanner::build(
            with_own(
                {"names", {}, {"Acme Corp", "Übermut", "蓝鸟", "falcon*", "X1", "42nd street"}}))
            .value();
    for (const auto* text : {"ACME  corp", "acme\ncorp", "ÜBERMUT", "übermut!", "关于蓝鸟项目",
                             "Falcons", "x1", "on 42ND Street"}) {
        EXPECT_EQ(names_in(scanner, text), "names") << text;
    }
    for (const auto* text : {"acmecorp", "Übermutig", "gyrfalcon", "acme corporation"}) {
        EXPECT_EQ(names_in(scanner, text), "none") << text;
    }
}

TEST(OwnPattern, MaySayMoreAboutAWordThatMeansSomethingAlready)
{
    const auto scanner =
        Scanner::build(with_own({"words", {}, {"top secret", "passport", "bearer", "private key"}}))
            .value();
    EXPECT_EQ(names_in(scanner, "top secret"), "confidential,words");
    EXPECT_EQ(names_in(scanner, "passport X1234567"), "passport,words");
    EXPECT_EQ(names_in(scanner, "a private key"), "words");
    EXPECT_EQ(names_in(scanner, std::string("-----BEGIN ") + "PRIVATE KEY-----"),
              "private_key,words");
}

void expect_refused(const OwnPattern& own, std::string_view part)
{
    const auto scanner = Scanner::build(with_own(own));
    ASSERT_FALSE(scanner) << part;
    EXPECT_EQ(scanner.error().code(), Errc::bad_config);
    EXPECT_NE(scanner.error().message().find("'" + own.id + "'"), std::string::npos)
        << scanner.error().message();
    EXPECT_NE(scanner.error().message().find(part), std::string::npos) << scanner.error().message();
}

TEST(OwnPattern, ThatIsMalformedIsRefusedByNameAndPlace)
{
    expect_refused({"bad", {"fine", "abc[z-a]"}, {}}, "expression 2: ");
    expect_refused({"bad", {"abc[z-a]"}, {}}, "at character 5");
    expect_refused({"bad", {"a(b"}, {}}, "expression 1: missing ");
    expect_refused({"bad", {"a**"}, {}}, "expression 1");
    expect_refused({"bad", {"x*"}, {}}, "empty text");
    expect_refused({"bad", {"(?=x)y"}, {}}, "expression 1");
    expect_refused({"bad", {"((a{1000}){1000}){1000}"}, {}}, "expression 1");
    expect_refused({"bad", {std::string(5000, 'a')}, {}}, "longer than 4096");
    expect_refused({"bad", {}, {"fine", " "}}, "word 2");
    expect_refused({"bad", {}, {std::string(300, 'a')}}, "word 1");
    expect_refused({"bad", {}, {}}, "neither");
    expect_refused({"email", {"x"}, {}}, "built in");
}

TEST(OwnPattern, IsWorkWithoutTheBuiltInClasses)
{
    auto rules = with_own({"projects", {"PRJ"}, {}});
    rules.classes = {};
    const auto scanner = Scanner::build(rules).value();
    EXPECT_EQ(names_in(scanner, "PRJ 4111111111111111"), "projects");
    EXPECT_EQ(scanner.classes(), ClassSet{own_class(0)});
}

TEST(Rules, SwitchClassesOff)
{
    Rules rules;
    rules.classes = {ClassId::email};
    const auto scanner = Scanner::build(rules).value();
    EXPECT_EQ(names_in(scanner, "4111111111111111 top secret"), "none");
    EXPECT_EQ(names_in(scanner, "4111111111111111 ada@lovelace.org"), "email");
}

TEST(Rules, AllowWhatDoesNotCount)
{
    Rules rules;
    rules.allowed = {"4111 1111 1111 1111", "lovelace.org", "ada@engine.com",
                     "078-05-1120",         "top secret",   "+1 212 555 0143"};
    const auto scanner = Scanner::build(rules).value();
    for (const auto* text :
         {"4111-1111-1111-1111", "4111111111111111", "bob@lovelace.org", "bob@mail.lovelace.org",
          "Ada@Engine.com", "078-05-1120", "Top Secret"}) {
        EXPECT_EQ(names_in(scanner, text), "none") << text;
    }
    EXPECT_EQ(names_in(scanner, "5555555555554444 and 4111111111111111"), "payment_card");
    EXPECT_EQ(names_in(scanner, "bob@engine.com"), "email");
    EXPECT_EQ(names_in(scanner, "bob@notlovelace.org"), "email");
}

}  // namespace
}  // namespace spillway::privacy
