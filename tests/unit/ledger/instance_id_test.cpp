#include "spillway/ledger/instance_id.hpp"

#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

class InstanceIdTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(Store::open(testing::settings_for(path_))); }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
};

TEST_F(InstanceIdTest, IsMadeOnceAndKept)
{
    const auto id = instance_id(path_);
    ASSERT_TRUE(id);
    EXPECT_EQ(id->size(), 26U);
    EXPECT_EQ(*instance_id(path_), *id);
}

TEST_F(InstanceIdTest, HasNeighboursOnceTheyWereNoted)
{
    const auto before = known_instances(path_);
    ASSERT_TRUE(before) << before.error().message();
    EXPECT_FALSE(*before);
    ASSERT_TRUE(note_instances(path_, 3));
    ASSERT_TRUE(note_instances(path_, 2));
    EXPECT_EQ(*known_instances(path_), std::optional<std::size_t>(2));
}

TEST_F(InstanceIdTest, ALedgerThatIsNotThereIsAnError)
{
    EXPECT_FALSE(known_instances(folder_.file("nowhere.db")));
    EXPECT_FALSE(note_instances(folder_.file("nowhere.db"), 2));
}

}  // namespace
}  // namespace spillway::ledger
