#include "spillway/app/check.hpp"

#include <cstdio>

#include "spillway/config/document.hpp"
#include "spillway/config/load.hpp"

namespace spillway::app {

int check(const Check& wish)
{
    const auto loaded = config::load_file(wish.config, config::process_environment());
    std::fputs(config::check_report(loaded).c_str(), stdout);
    return loaded.config ? 0 : 1;
}

}  // namespace spillway::app
