# cmake -D YAML=config/prices.yaml -D OUT=built_in_prices.cpp -P built_in_prices.cmake
# Writes the price table as a C++ source. String literals are kept short: compilers limit them.
file(READ "${YAML}" text)
string(LENGTH "${text}" length)
set(pieces "")
set(offset 0)
while(offset LESS length)
  string(SUBSTRING "${text}" ${offset} 8000 piece)
  string(APPEND pieces "\n        R\"prices(${piece})prices\"")
  math(EXPR offset "${offset} + 8000")
endwhile()
file(WRITE "${OUT}" "// Generated from config/prices.yaml by built_in_prices.cmake.
#include <string_view>

namespace spillway::config {

std::string_view built_in_prices_text();

std::string_view built_in_prices_text()
{
    return std::string_view(${pieces});
}

}  // namespace spillway::config
")
