#include <cstdio>
#include <exception>

#include "spillway/app/check.hpp"
#include "spillway/app/cli.hpp"
#include "spillway/app/daemon.hpp"

namespace {

int run(const spillway::app::Command& command)
{
    if (const auto* serve = std::get_if<spillway::app::Serve>(&command))
        return spillway::app::serve(*serve);
    if (const auto* check = std::get_if<spillway::app::Check>(&command))
        return spillway::app::check(*check);
    const auto& say = std::get<spillway::app::Say>(command);
    std::fputs(say.text.c_str(), say.exit_code == 0 ? stdout : stderr);
    return say.exit_code;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run(spillway::app::read_arguments(argc, argv));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "spillway: %s\n", error.what());
        return 1;
    }
}
