#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "spillway/privacy/scanner.hpp"

namespace {

using namespace spillway::privacy;

void require(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

const Scanner& scanner()
{
    static const Scanner built = [] {
        Rules rules;
        rules.own.push_back({"project", {"P[0-9]+-[a-z]{2,}"}, {"blue bird", "蓝鸟", "falcon*"}});
        rules.allowed = {"lovelace.org", "4111 1111 1111 1111"};
        return Scanner::build(rules).value();
    }();
    return built;
}

}  // namespace

/// A scan says the same every time, what is known is left out, and what stands between blanks is
/// found whatever surrounds it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const auto found = scanner().scan(text);
    require(found == scanner().scan(text));
    require((scanner().scan(text, found) & found).empty());
    require((found - scanner().classes()).empty());

    std::string around(text);
    around += "\n 5555 5555 5555 4444 \n";
    around += text;
    require(scanner().scan(around).contains(ClassId::payment_card));

    Scan scan(scanner());
    const auto step = size == 0 ? 1 : 1 + bytes[0] % 40U;
    for (std::size_t at = 0; at < size; at += step) {
        scan.add(text.substr(at, step));
    }
    require((scan.found() - scanner().classes()).empty());
    return 0;
}
