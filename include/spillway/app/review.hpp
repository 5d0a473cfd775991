#pragma once

#include <cstddef>
#include <iosfwd>

#include "spillway/app/cli.hpp"

namespace spillway::app {

/// Where pairs are shown.
struct Screen {
    std::size_t columns = 100;
    std::size_t rows = 0;  ///< 0: no terminal, so nothing is paged and nobody is prompted.
};
/// Of this process: its terminal, when both ends are one.
[[nodiscard]] Screen process_screen();

/// `spillway review`: shows pairs blind and takes verdicts. Which answer stands left is drawn from
/// the request's id, so that a list that was printed before can be judged later.
/// @return The exit code.
[[nodiscard]] int review_pairs(const ReviewPairs& wish, Screen screen, std::istream& in,
                               std::ostream& out, std::ostream& problems);

}  // namespace spillway::app
