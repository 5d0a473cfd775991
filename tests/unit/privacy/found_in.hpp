#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "spillway/privacy/scanner.hpp"

namespace spillway::privacy {

inline const Scanner& full_scanner()
{
    static const Scanner scanner = Scanner::build(Rules{}).value();
    return scanner;
}

/// Names of the classes in `text`, as a receipt lists them.
inline std::string found_in(std::string_view text)
{
    return full_scanner().names().list(full_scanner().scan(text));
}

struct Sample {
    std::string_view text;
    std::string_view classes;
};

inline void expect_all(std::initializer_list<Sample> samples)
{
    for (const auto& sample : samples) {
        EXPECT_EQ(found_in(sample.text), sample.classes) << sample.text;
    }
}

}  // namespace spillway::privacy
