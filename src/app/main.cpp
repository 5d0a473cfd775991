#include <cstdio>
#include <exception>

#include "spillway/app/cli.hpp"

int main(int argc, char** argv)
{
    const auto command = spillway::app::read_arguments(argc, argv);
    if (const auto* say = std::get_if<spillway::app::Say>(&command)) {
        std::fputs(say->text.c_str(), say->exit_code == 0 ? stdout : stderr);
        return say->exit_code;
    }
    return 1;
}
