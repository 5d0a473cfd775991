// Pictures, sounds and files of a request, as `PromptReader` hands them on to be counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "padded.hpp"
#include "spillway/dialect/prompt_reader.hpp"

namespace spillway::dialect {
namespace {

using chat::Attachment;
using Kind = chat::Attachment::Kind;
using Detail = chat::Attachment::Detail;

/// One user's message of these content parts, read.
class Attachments : public testing::Test {
protected:
    const chat::Prompt& read(const std::string& parts)
    {
        body_.emplace(R"({"model":"m","messages":[{"role":"user","content":[)" + parts + "]}]}");
        return reader_.read(body_->view());
    }
    /// The only one of them.
    Attachment one(const std::string& part)
    {
        const auto& prompt = read(part);
        EXPECT_EQ(prompt.attachments.size(), 1U) << part;
        return prompt.attachments.empty() ? Attachment{} : prompt.attachments.front();
    }

    std::optional<Padded> body_;
    PromptReader reader_;
};

TEST_F(Attachments, OfAPictureHaveItsPayloadAndItsDetail)
{
    const auto picture = one(
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0K","detail":"low"}})");
    EXPECT_EQ(picture.kind, Kind::image);
    EXPECT_EQ(picture.payload, "iVBORw0K");
    EXPECT_EQ(picture.characters, 8U);
    EXPECT_EQ(picture.detail, Detail::low);
}

TEST_F(Attachments, AreKnownWhicheverMemberComesFirst)
{
    const auto picture = one(
        R"({"image_url":{"detail":"high","url":"data:image/png;base64,iVBORw0K"},"type":"image_url"})");
    EXPECT_EQ(picture.kind, Kind::image);
    EXPECT_EQ(picture.payload, "iVBORw0K");
    EXPECT_EQ(picture.detail, Detail::high);
}

TEST_F(Attachments, OfLinksAndIdsHaveNoPayload)
{
    const auto link =
        one(R"({"type":"image_url","image_url":{"url":"https://example.com/a.png"}})");
    EXPECT_EQ(link.kind, Kind::image);
    EXPECT_EQ(link.characters, 0U);
    EXPECT_EQ(link.detail, Detail::unsaid);
    EXPECT_EQ(one(R"({"type":"file","file":{"file_id":"file-1"}})").kind, Kind::file);
}

TEST_F(Attachments, OfASoundHaveItsPayload)
{
    const std::string data = "UklGRiQA" + std::string(8'000, 'A') + "b1";
    const auto sound =
        one(R"({"type":"input_audio","input_audio":{"data":")" + data + R"(","format":"wav"}})");
    EXPECT_EQ(sound.kind, Kind::audio);
    EXPECT_EQ(sound.payload, data);
    EXPECT_EQ(sound.characters, data.size());
}

TEST_F(Attachments, AreBytesHoweverShortWhereBytesBelong)
{
    const std::string data = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
    for (const auto& part :
         {R"({"type":"input_audio","input_audio":{"data":")" + data + R"(","format":"wav"}})",
          R"({"type":"file","file":{"filename":"a.pdf","file_data":")" + data + R"("}})",
          R"({"type":"input_file","file_data":")" + data + R"("})"}) {
        EXPECT_EQ(one(part).characters, data.size()) << part;
        for (const auto& piece : read(part).pieces)
            EXPECT_EQ(piece.text.find(data), std::string_view::npos) << part;
    }
}

TEST_F(Attachments, AreTextWhereItIsNoBase64OrStandsElsewhere)
{
    const auto holds = [this](const std::string& part, std::string_view text) {
        const auto& pieces = read(part).pieces;
        return std::any_of(pieces.begin(), pieces.end(), [text](const auto& piece) {
            return piece.text.find(text) != std::string_view::npos;
        });
    };
    EXPECT_TRUE(
        holds(R"({"type":"input_audio","input_audio":{"data":"4111111111111111"}})", "4111111"));
    EXPECT_TRUE(holds(R"({"type":"input_audio","input_audio":{"data":"my card: 4111"}})", "card"));
    EXPECT_TRUE(holds(R"({"type":"other","other":{"data":"Ab1Cd2Ef3"}})", "Ab1Cd2Ef3"));
    EXPECT_TRUE(
        holds(R"({"type":"input_audio","input_audio":{"more":{"data":"Ab1Cd2Ef3"}}})", "Ab1Cd2"));
}

TEST_F(Attachments, OfASourceAreBytesWhereItSaysSo)
{
    const std::string data = "iVBORw0KGgoAAAANSUhEUgAACAAAABAACAIAAAAAAAAAAAAA";
    const auto source = [&data](const std::string& kind) {
        return R"({"type":"image","source":{"type":")" + kind +
               R"(","media_type":"image/png","data":")" + data + R"("}})";
    };
    const auto picture = one(source("base64"));
    EXPECT_EQ(picture.kind, Kind::image);
    EXPECT_EQ(picture.payload, data);
    EXPECT_TRUE(read(source("base64")).pieces.empty() ||
                read(source("base64")).pieces.back().text != data);
    EXPECT_EQ(one(source("text")).characters, 0U);
    EXPECT_EQ(read(source("text")).pieces.back().text, data) << "a text may be anything";
    const auto& next = read(source("base64") + R"(,{"type":"other","data":")" + data + R"("})");
    EXPECT_EQ(next.pieces.back().text, data) << "said of that source only";
}

TEST_F(Attachments, MayBeBrokenIntoLines)
{
    std::string lines;
    for (int line = 0; line < 100; ++line)
        lines += "iVBORw0KGgoAAAANSUhEUgAACAAAABAACAIAAAAAAAAAAAAAiVBORw0KGgoAAAANSUhEUgAACAAA\\n";
    const auto picture =
        one(R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":")" +
            lines + R"("}})");
    EXPECT_EQ(picture.kind, Kind::image);
    EXPECT_EQ(picture.characters, lines.size());
}

TEST_F(Attachments, AreSoundsAndVideosInTheWordsOfOthers)
{
    const std::string data = "AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDE=";
    struct Row {
        std::string part;
        Kind kind;
        std::size_t characters;
    };
    const std::vector<Row> rows{
        {R"({"type":"audio_url","audio_url":{"url":"data:audio/wav;base64,)" + data + R"("}})",
         Kind::audio, data.size()},
        {R"({"type":"audio_url","audio_url":{"url":"https://example.com/a.wav"}})", Kind::audio, 0},
        {R"({"type":"video_url","video_url":{"url":"data:video/mp4;base64,)" + data + R"("}})",
         Kind::video, data.size()},
        {R"({"type":"video_url","video_url":"data:video/mp4;base64,)" + data + R"("})", Kind::video,
         data.size()},
        {R"({"type":"video_url","video_url":{"url":"https://example.com/a.mp4"}})", Kind::video, 0},
        {R"({"type":"input_video","input_video":{"data":")" + data + R"(","format":"mp4"}})",
         Kind::video, data.size()}};
    for (const auto& row : rows) {
        const auto found = one(row.part);
        EXPECT_EQ(found.kind, row.kind) << row.part;
        EXPECT_EQ(found.characters, row.characters) << row.part;
        const auto& prompt = read(row.part);
        EXPECT_EQ(prompt.audios, row.kind == Kind::audio ? 1U : 0U) << row.part;
        EXPECT_EQ(prompt.files, row.kind == Kind::video ? 1U : 0U) << row.part;
        for (const auto& piece : prompt.pieces)
            EXPECT_EQ(piece.text.find(data), std::string_view::npos) << row.part;
    }
}

TEST_F(Attachments, WithEscapesHaveTheirLengthOnly)
{
    const auto picture =
        one(R"({"type":"image_url","image_url":{"url":"data:image\/png;base64,iVBO\/w0K"}})");
    EXPECT_EQ(picture.kind, Kind::image);
    EXPECT_TRUE(picture.payload.empty());
    EXPECT_GE(picture.characters, 8U);
}

TEST_F(Attachments, AreKeptApart)
{
    const auto& prompt = read(
        R"({"type":"text","text":"look"},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aB1A"}},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aB1CaB1C","detail":"low"}})");
    ASSERT_EQ(prompt.attachments.size(), 2U);
    EXPECT_EQ(prompt.attachments[0].payload, "aB1A");
    EXPECT_EQ(prompt.attachments[0].detail, Detail::unsaid);
    EXPECT_EQ(prompt.attachments[1].payload, "aB1CaB1C");
    EXPECT_EQ(prompt.attachments[1].detail, Detail::low);
    EXPECT_EQ(prompt.images, 2U);
}

TEST_F(Attachments, AreForgottenWithTheirRequest)
{
    (void)read(R"({"type":"file","file":{"file_id":"file-1"}})");
    EXPECT_TRUE(read(R"({"type":"text","text":"look"})").attachments.empty());
}

}  // namespace
}  // namespace spillway::dialect
