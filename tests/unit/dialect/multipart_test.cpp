#include <gtest/gtest.h>

#include <string>

#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

constexpr std::string_view type = "multipart/form-data; boundary=xyz";

std::string part(std::string_view disposition, std::string_view value)
{
    return "--xyz\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
           std::string(value) + "\r\n";
}

std::string form(std::string_view parts)
{
    return std::string(parts) + "--xyz--\r\n";
}

Errc refusal(std::string_view body, std::string_view content_type = type)
{
    const auto facts = read_multipart(body, content_type);
    EXPECT_FALSE(facts) << body;
    return facts ? Errc::internal : facts.error().code();
}

TEST(Multipart, FindsTheModelBesideAFile)
{
    const auto body = form(part("name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav",
                                std::string("\0\r\n--xy\xFF", 8)) +
                           part("name=\"model\"", "whisper-1"));
    const auto facts = read_multipart(body, type);
    ASSERT_TRUE(facts) << facts.error().message();
    EXPECT_EQ(facts->model, "whisper-1");
    EXPECT_EQ(facts->members.at(0).value.of(body), "whisper-1");
}

TEST(Multipart, TakesAQuotedBoundary)
{
    EXPECT_TRUE(read_multipart(form(part("name=\"model\"", "m")),
                               "multipart/form-data; charset=utf-8; boundary=\"xyz\""));
}

TEST(Multipart, SeesThatAStreamIsWanted)
{
    const auto facts =
        read_multipart(form(part("name=\"model\"", "m") + part("name=stream", "true")), type);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->delivery, chat::Delivery::stream);
}

TEST(Multipart, ReplacesTheModelOnly)
{
    const auto body = form(part("name=\"model\"", "m") + part("name=\"language\"", "en"));
    const auto facts = read_multipart(body, type);
    ASSERT_TRUE(facts);
    std::string edited;
    const auto edits = plan_multipart_edit(*facts, "large-v3");
    for (const auto slice : slices(body, edits)) {
        edited += slice;
    }
    EXPECT_EQ(edited, form(part("name=\"model\"", "large-v3") + part("name=\"language\"", "en")));
}

TEST(Multipart, LeavesAModelThatIsAlreadyRight)
{
    const auto facts = read_multipart(form(part("name=\"model\"", "m")), type);
    ASSERT_TRUE(facts);
    EXPECT_TRUE(plan_multipart_edit(*facts, "m").empty());
}

TEST(Multipart, RefusesTwoModels)
{
    EXPECT_EQ(refusal(form(part("name=\"model\"", "a") + part("name=\"model\"", "b"))),
              Errc::duplicate_key);
}

TEST(Multipart, MissesAModelThatIsNotThere)
{
    EXPECT_EQ(refusal(form(part("name=\"file\"", "x"))), Errc::missing_model);
    EXPECT_EQ(refusal(form(part("name=\"model\"", ""))), Errc::missing_model);
    EXPECT_EQ(refusal(form("")), Errc::missing_model);
}

class AmbiguousForm : public testing::TestWithParam<std::string> {};

TEST_P(AmbiguousForm, IsRefused)
{
    EXPECT_EQ(refusal(GetParam()), Errc::invalid_request);
}

INSTANTIATE_TEST_SUITE_P(
    Multipart, AmbiguousForm,
    testing::Values(
        form(part("name=\"mod\\el\"", "a") + part("name=\"model\"", "b")),
        form(part("name*=UTF-8''model", "a")), form(part("name=\"a\"; name=\"model\"", "m")),
        form(part("filename=\"a\\\"; name=\\\"model\\\"; x=\\\"\"; name=\"model\"", "m")),
        form(part("name=\"model\"; filename=\"m\"", "a")),
        form(part("name=\"model\"\r\nContent-Transfer-Encoding: base64", "bQ==")),
        form(part("name=\"model\"", "a\r\nb")), part("name=\"model\"", "m"), "", "--xyz",
        "--xyz\r\n", "--xyz\r\n\r\n", "x" + form(part("name=\"model\"", "m")),
        "--xyz\nContent-Disposition: form-data; name=\"model\"\n\nm\n--xyz--\n"));

TEST(Multipart, RefusesATypeWithoutABoundary)
{
    EXPECT_EQ(refusal("--\r\n", "multipart/form-data"), Errc::invalid_request);
    EXPECT_EQ(refusal("--\r\n", "multipart/form-data; boundary="), Errc::invalid_request);
    EXPECT_EQ(refusal("--\r\n", "multipart/form-data; boundary=a; boundary=b"),
              Errc::invalid_request);
    EXPECT_EQ(refusal("--\r\n", "multipart/form-data; boundary=" + std::string(71, 'b')),
              Errc::invalid_request);
}

TEST(Multipart, IsLinearInManyAlmostBoundaries)
{
    std::string almost;
    for (int i = 0; i < 200'000; ++i) {
        almost += "\r\n--xy";
    }
    EXPECT_TRUE(
        read_multipart(form(part("name=\"file\"", almost) + part("name=\"model\"", "m")), type));
}

Result<chat::RequestFacts> with_field(std::string_view disposition, std::string_view value)
{
    auto facts = read_multipart(
        form(part(disposition, value) + part("name=\"model\"", "m") + part("name=\"x\"", "y")),
        type);
    if (facts) {
        facts->members.clear();  // They are of a body that is gone.
    }
    return facts;
}

TEST(Multipart, HearsMetadataAsFormsHoldThem)
{
    struct Field {
        const char* disposition;
        const char* value;
    };
    for (const auto& [disposition, value] :
         {Field{"name=\"metadata\"", R"({"no_fallback": true})"},
          Field{"name=\"metadata\"", R"("{\"no_fallback\": \"True\"}")"},
          Field{"name=\"litellm_metadata\"", R"({"no_fallback": 1})"},
          Field{"name=\"metadata\"; filename=\"blob\"\r\nContent-Type: application/json",
                R"({"no_fallback": true})"},
          Field{"name=\"metadata[no_fallback]\"", "True"},
          Field{"name=\"litellm_metadata[no_fallback]\"", "1"}}) {
        const auto facts = with_field(disposition, value);
        ASSERT_TRUE(facts) << disposition << facts.error().message();
        EXPECT_TRUE(facts->stay_local) << disposition << value;
        EXPECT_EQ(facts->model, "m");
    }
    for (const auto& [disposition, value] :
         {Field{"name=\"metadata\"", R"({"no_fallback": false})"},
          Field{"name=\"metadata\"", "a note"}, Field{"name=\"metadata\"", ""},
          Field{"name=\"metadata[no_fallback]\"", "false"},
          Field{"name=\"metadata[other]\"", "true"},
          Field{"name=\"prompt\"", R"({"no_fallback": true})"},
          Field{"name=\"my_metadata\"", R"({"no_fallback": true})"}}) {
        const auto facts = with_field(disposition, value);
        ASSERT_TRUE(facts) << disposition << facts.error().message();
        EXPECT_FALSE(facts->stay_local) << disposition << value;
    }
}

TEST(Multipart, TakesTagsAndTheWishForAnExplanation)
{
    const auto body = form(part("name=\"metadata\"", R"({"tags": ["a"], "explain": true})") +
                           part("name=\"metadata[tags][]\"", "b") + part("name=\"tags\"", "c, d") +
                           part("name=\"tags[]\"", "e,f") + part("name=\"model\"", "m") +
                           part("name=\"metadata[no_fallback]\"", "1"));
    const auto facts = read_multipart(body, type);
    ASSERT_TRUE(facts) << facts.error().message();
    EXPECT_EQ(facts->tags, (std::vector<std::string>{"a", "b", "c", "d", "e,f"}));
    EXPECT_TRUE(facts->explain);
    EXPECT_TRUE(facts->stay_local);
    const auto edits = plan_multipart_edit(*facts, "n");
    ASSERT_EQ(edits.size(), 1U);
    EXPECT_EQ(edits.front().offset, body.find("m\r\n--xyz\r\nContent-Disposition: form-data; "
                                              "name=\"metadata[no_fallback]\""));
}

TEST(Multipart, RefusesMetadataThatMayMeanThatTheRequestStays)
{
    const auto refused = [](std::string_view disposition, std::string_view value) {
        const auto facts = with_field(disposition, value);
        EXPECT_FALSE(facts) << disposition;
        return facts ? std::string() : std::string(facts.error().param());
    };
    EXPECT_EQ(refused("name=\"metadata\"", "{'no_fallback': True}"), "metadata");
    EXPECT_EQ(refused("name=\"metadata\"", std::string("{\0\"\0", 4)), "metadata");
    EXPECT_EQ(refused("name=\"metadata\"\r\nContent-Transfer-Encoding: base64", "e30="),
              "metadata");
    EXPECT_EQ(refused("name=\"metadata\"", R"({"no_fallback": "perhaps"})"),
              "metadata.no_fallback");
    EXPECT_EQ(refused("name=\"litellm_metadata[no_fallback]\"", "perhaps"),
              "litellm_metadata.no_fallback");
    EXPECT_EQ(refusal(form(part("name=\"metadata\"", "{}") + part("name=\"model\"", "m") +
                           part("name=\"model\"", "n"))),
              Errc::duplicate_key);
}

}  // namespace
}  // namespace spillway::dialect
