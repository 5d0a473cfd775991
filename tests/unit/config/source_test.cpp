#include "spillway/config/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "loading.hpp"

/// Files as a whole: includes, limits, secrets beside them.
namespace spillway::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// A folder of its own that goes away with the test.
class LoadFile : public testing::Test {
protected:
    LoadFile()
    {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::path(testing::TempDir()) /
                  ("spillway_config_" + std::string(test->name()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~LoadFile() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, std::string_view text)
    {
        std::filesystem::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name) << text;
        return (folder_ / name).string();
    }
    Loaded read(const std::string& path) { return load_file(path, environment()); }

    std::filesystem::path folder_;
};

constexpr std::string_view row_b =
    "model_list:\n- model_name: b\n  litellm_params: {model: openai/m, api_base: 'http://h'}\n";

TEST_F(LoadFile, ConcatenatesTheModelListsOfIncludedFiles)
{
    write("more/b.yaml", row_b);
    const auto path = write(
        "a.yaml", "include: [more/b.yaml]\n" + one_row("model: openai/m, api_base: 'http://h'"));
    const auto loaded = read(path);
    ASSERT_TRUE(loaded.config);
    ASSERT_EQ(loaded.config->deployments.size(), 2u);
    EXPECT_EQ(loaded.config->deployments[0].group, "a");
    EXPECT_EQ(loaded.config->deployments[1].group, "b");
    EXPECT_EQ(loaded.config->deployments[1].where, (folder_ / "more/b.yaml").string() + ":2:3");
    EXPECT_THAT(loaded.config->files, ElementsAre(path, (folder_ / "more/b.yaml").string()));
}

TEST_F(LoadFile, MergesSectionsAndLetsTheIncludingFileWin)
{
    write("b.yaml", "router_settings: {num_retries: 9, timeout: 5}\n");
    const auto loaded =
        read(write("a.yaml", "include: b.yaml\nrouter_settings: {num_retries: 1}\n"));
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->router.num_retries, 1);
    EXPECT_EQ(loaded.config->router.timeout, Millis{5000});
    EXPECT_THAT(warnings(loaded), Contains(HasSubstr("is set by the including file as well")));
}

TEST_F(LoadFile, RefusesAnIncludeThatComesBackToItself)
{
    write("b.yaml", "include: a.yaml\n");
    const auto loaded = read(write("a.yaml", "include: b.yaml\n"));
    EXPECT_FALSE(loaded.config);
    EXPECT_THAT(errors(loaded), ElementsAre(HasSubstr("b.yaml:1:10: include: ")));
    EXPECT_THAT(errors(loaded), ElementsAre(HasSubstr("includes itself")));
}

TEST_F(LoadFile, ReportsAnIncludedFileThatIsMissingWhereItIsNamed)
{
    const auto path = write("a.yaml", "include:\n- missing.yaml\n");
    const auto loaded = read(path);
    EXPECT_FALSE(loaded.config);
    EXPECT_THAT(errors(loaded), ElementsAre(testing::StartsWith(path + ":2:3: the file ")));
}

TEST_F(LoadFile, ReportsProblemsInIncludedFilesUnderTheirOwnName)
{
    write("b.yaml", "server:\n  port: x\n");
    const auto loaded = read(write("a.yaml", "include: b.yaml\n"));
    EXPECT_THAT(errors(loaded),
                ElementsAre(HasSubstr((folder_ / "b.yaml").string() + ":2:9: server.port")));
}

TEST_F(LoadFile, RefusesTooManyFiles)
{
    std::string text = "include:\n";
    for (int i = 0; i < 40; ++i) {
        write(std::to_string(i) + ".yaml", "{}\n");
        text += "- " + std::to_string(i) + ".yaml\n";
    }
    EXPECT_THAT(errors(read(write("a.yaml", text))),
                Contains(HasSubstr("include: more than 32 files")));
}

TEST_F(LoadFile, SaysThatTheFileIsMissing)
{
    const auto path = (folder_ / "none.yaml").string();
    EXPECT_THAT(errors(read(path)),
                ElementsAre(path + ": the file \"" + path + "\" does not exist"));
}

TEST_F(LoadFile, RefusesAFolderAndADevice)
{
    EXPECT_THAT(errors(read(folder_.string())), ElementsAre(HasSubstr("is not a regular file")));
    EXPECT_THAT(errors(read("/dev/zero")), ElementsAre(HasSubstr("is not a regular file")));
}

TEST_F(LoadFile, RefusesALargeFile)
{
    EXPECT_THAT(errors(read(write("a.yaml", std::string(1024 * 1024 + 1, '#')))),
                ElementsAre(HasSubstr("is larger than 1048576 bytes")));
}

TEST_F(LoadFile, ReadsSecretsFromFiles)
{
    const auto key = write("key", "sk-from-file\n");
    const auto loaded =
        read(write("a.yaml", "general_settings:\n  master_key: file:" + key + "\n"));
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->general.master_key->reveal(), "sk-from-file");
}

TEST_F(LoadFile, ReportsASecretFileThatIsMissing)
{
    const auto loaded = read(write("a.yaml", "general_settings:\n  master_key: file:/nowhere/k\n"));
    EXPECT_THAT(errors(loaded),
                ElementsAre(HasSubstr(":2:15: general_settings.master_key: the file "
                                      "\"/nowhere/k\" does not exist")));
}

TEST_F(LoadFile, RefusesASecretThatCouldSplitAHeader)
{
    const auto key = write("key", "sk-a\r\nx-evil: 1\n");
    EXPECT_THAT(errors(read(write("a.yaml", "general_settings: {master_key: 'file:" + key + "'}"))),
                ElementsAre(HasSubstr("the secret holds a control character")));
}

}  // namespace
}  // namespace spillway::config
