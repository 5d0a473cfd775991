#include "spillway/base/secret.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace spillway {
namespace {

template <class T>
concept Streams = requires(std::ostream& out, const T& value) { out << value; };

TEST(EqualsSecret, HoldsForTheSecretOnly)
{
    EXPECT_TRUE(equals_secret("sk-1234", "sk-1234"));
    EXPECT_FALSE(equals_secret("sk-1235", "sk-1234"));
    EXPECT_FALSE(equals_secret("sk-123", "sk-1234"));
    EXPECT_FALSE(equals_secret("sk-12345", "sk-1234"));
    EXPECT_FALSE(equals_secret("", "sk-1234"));
    EXPECT_FALSE(equals_secret("sk-1234", ""));
}

TEST(EqualsSecret, ComparesBytesBehindANul)
{
    EXPECT_FALSE(equals_secret({"sk\0two", 6}, {"sk\0one", 6}));
}

TEST(Secret, HasNoWayIntoAStream)
{
    EXPECT_FALSE(Streams<Secret>);
    EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
    EXPECT_FALSE((std::is_convertible_v<std::string, Secret>));
}

TEST(Secret, CopiesAndAssigns)
{
    const Secret one{"one"};
    Secret two{"two"};
    two = one;
    EXPECT_EQ(two.reveal(), "one");
    Secret three{"three, and long enough to live on the heap"};
    two = std::move(three);
    EXPECT_EQ(two.reveal(), "three, and long enough to live on the heap");
    EXPECT_EQ(one, Secret{"one"});
}

TEST(Secret, IsEmptyUntilGivenAValue)
{
    EXPECT_TRUE(Secret{}.empty());
    EXPECT_FALSE(Secret{"x"}.empty());
}

TEST(Sha256Hex, EqualsTheStandardsTestVectors)
{
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace spillway
