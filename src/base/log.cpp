#include "spillway/base/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <memory>

namespace spillway {
namespace {

spdlog::level::level_enum level_named(std::string_view level)
{
    if (level == "debug") {
        return spdlog::level::debug;
    }
    if (level == "warn") {
        return spdlog::level::warn;
    }
    if (level == "error") {
        return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

void open_log(std::string_view level)
{
    auto logger = std::make_shared<spdlog::logger>(
        "spillway", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
    logger->set_level(level_named(level));
    logger->flush_on(spdlog::level::warn);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace spillway
