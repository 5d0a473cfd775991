#include "spillway/base/log.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

TEST(Log, TakesTheLevelItIsGiven)
{
    open_log("warn");
    EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::warn);
    open_log("debug");
    EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::debug);
    open_log("error");
    EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::err);
}

TEST(Log, TakesAnUnknownLevelForInfo)
{
    open_log("loud");
    EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::info);
}

TEST(Log, WritesToStderrAndNotToStdout)
{
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    open_log("info");
    SPILLWAY_INFO("listening on port {}", 4000);
    SPILLWAY_DEBUG("not shown");
    spdlog::default_logger()->flush();
    const std::string err = testing::internal::GetCapturedStderr();
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_NE(err.find("info listening on port 4000\n"), std::string::npos) << err;
    EXPECT_EQ(err.find("not shown"), std::string::npos) << err;
}

}  // namespace
}  // namespace spillway
