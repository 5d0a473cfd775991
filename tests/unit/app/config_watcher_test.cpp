#include "spillway/app/config_watcher.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "spillway/base/ids.hpp"

namespace spillway::app {
namespace {

namespace fs = std::filesystem;

/// A folder of its own; `await_change` runs the loop until the watcher has spoken.
class ConfigWatcherTest : public testing::Test {
protected:
    ConfigWatcherTest()
        : folder_(fs::path(testing::TempDir()) /
                  ("spillway-watcher-" + std::to_string(random_seed())))
    {
        fs::create_directories(folder_);
    }
    ~ConfigWatcherTest() override { fs::remove_all(folder_); }

    void write(const fs::path& name, const std::string& text)
    {
        std::ofstream(folder_ / name) << text;
    }
    void await_change()
    {
        while (changes_ == 0)
            control_.run_one();
    }
    [[nodiscard]] std::string at(const std::string& name) const
    {
        return (folder_ / name).string();
    }

    fs::path folder_;
    boost::asio::io_context control_{1};
    int changes_ = 0;
    ConfigWatcher watcher_{control_, [this] { ++changes_; }};
};

TEST_F(ConfigWatcherTest, SeesAFileThatIsWrittenInPlace)
{
    write("a.yaml", "one");
    watcher_.watch({at("a.yaml")});
    write("a.yaml", "three");
    await_change();
    EXPECT_EQ(changes_, 1);
}

TEST_F(ConfigWatcherTest, SeesAFileThatAnEditorReplaces)
{
    write("a.yaml", "one");
    watcher_.watch({at("a.yaml")});
    write("a.yaml.new", "two");
    fs::rename(folder_ / "a.yaml.new", folder_ / "a.yaml");
    await_change();
    EXPECT_EQ(changes_, 1);
}

TEST_F(ConfigWatcherTest, SeesALinkThatKubernetesSwaps)
{
    fs::create_directory(folder_ / "v1");
    fs::create_directory(folder_ / "v2");
    write("v1/a.yaml", "one");
    write("v2/a.yaml", "two");
    fs::create_directory_symlink("v1", folder_ / "..data");
    fs::create_symlink("..data/a.yaml", folder_ / "a.yaml");
    watcher_.watch({at("a.yaml")});
    fs::create_directory_symlink("v2", folder_ / "..tmp");
    fs::rename(folder_ / "..tmp", folder_ / "..data");
    await_change();
    EXPECT_EQ(changes_, 1);
}

TEST_F(ConfigWatcherTest, WaitsForNothingThatWasNeverThere)
{
    write("a.yaml", "one");
    watcher_.watch({at("a.yaml"), at("learned.weights")});
    write("a.yaml", "three");
    await_change();
    changes_ = 0;
    write("learned.weights", "first");
    await_change();
    EXPECT_EQ(changes_, 1);
}

TEST_F(ConfigWatcherTest, SeesAnIncludedFile)
{
    write("a.yaml", "one");
    write("b.yaml", "one");
    watcher_.watch({at("a.yaml"), at("b.yaml")});
    write("b.yaml", "three");
    await_change();
    EXPECT_EQ(changes_, 1);
}

TEST_F(ConfigWatcherTest, DoesNotMindANeighbour)
{
    write("a.yaml", "one");
    watcher_.watch({at("a.yaml")});
    write("spillway.db", "rows");
    // The neighbour's event, then the end of the quiet time it began.
    control_.run_one();
    control_.run_one();
    EXPECT_EQ(changes_, 0);
}

}  // namespace
}  // namespace spillway::app
