#include "spillway/gateway/explain.hpp"

#include <gtest/gtest.h>

namespace spillway::gateway {
namespace {

std::string with(std::string explanation, std::string body)
{
    Routing routing;
    routing.explanation = std::move(explanation);
    add_explanation(routing, body);
    return body;
}

TEST(AnExplanation, StandsBesideTheErrorOfARefusal)
{
    EXPECT_EQ(with("{\"rule\":\"r\"}", "{\"error\":{\"code\":\"c\"}}"),
              "{\"error\":{\"code\":\"c\"},\"routing\":{\"rule\":\"r\"}}");
}

TEST(AnExplanation, IsLeftOutWhereNobodyAskedOrNoObjectIs)
{
    EXPECT_EQ(with("", "{\"error\":{}}"), "{\"error\":{}}");
    EXPECT_EQ(with("{}", "[1]"), "[1]");
    EXPECT_EQ(with("{}", ""), "");
}

std::string at_the_end_of(std::string bytes)
{
    Routing routing;
    routing.explanation = "{\"rule\":\"r\"}";
    Parting parting = StreamEnd{std::move(bytes)};
    add_explanation(routing, parting);
    return std::get<StreamEnd>(parting).bytes;
}

TEST(AnExplanation, StandsInTheAnswerThatEndsAStreamOfResponses)
{
    const std::string text = R"(event: response.output_text.delta
data: {"type":"response.output_text.delta","delta":"data: [DONE]"}

event: response.completed
data: {"type":"response.completed","response":{"id":"x","output":[{"a":"}"}]},"sequence_number":4})";
    auto expected = text;
    expected.insert(expected.find(R"(},"sequence_number)"), R"(,"routing":{"rule":"r"})");
    for (const std::string_view end : {"", "\n\n", "\r\n\r\n"})
        EXPECT_EQ(at_the_end_of(text + std::string(end)), expected + std::string(end));
}

TEST(AnExplanation, IsLeftOutOfStreamsWithoutAPlaceForIt)
{
    for (const std::string_view text :
         {"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
          "data: {\"type\":\"response.completed\",\"response\":null}\n\n",
          "data: {\"type\":\"response.completed\",\"response\":{}}\n\n",
          "data: {\"type\":\"response.failed\",\"response\":{\"id\":\"x\"}}\n\n",
          "data: {\"type\":\"response.completed\",\ndata: \"response\":{}}\n\n",
          "data:", ": comment\n\n", ""})
        EXPECT_EQ(at_the_end_of(std::string(text)), text);
}

TEST(AnExplanation, IsAChunkBeforeTheEndOfAStreamOfAChat)
{
    const auto bytes = at_the_end_of("data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
    EXPECT_NE(bytes.find("\"choices\":[],\"routing\":{\"rule\":\"r\"}}\n\ndata: [DONE]\n\n"),
              std::string::npos)
        << bytes;
}

}  // namespace
}  // namespace spillway::gateway
