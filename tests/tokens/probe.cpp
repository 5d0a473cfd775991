// Reads documents from standard input, each as its length in decimal, a line end and its bytes, and
// prints one line for each: what scripts and tests compare with other counters.
//
//   token_probe classes            counts of byte classes
//   token_probe estimate FAMILY    tokens and upper end

#include <iostream>
#include <string>
#include <string_view>

#include "spillway/tokens/estimator.hpp"

namespace {

using namespace spillway::tokens;

template <class Print>
int for_each_document(Print print)
{
    std::size_t length = 0;
    std::string text;
    while (std::cin >> length) {
        std::cin.get();
        text.resize(length);
        std::cin.read(text.data(), static_cast<std::streamsize>(length));
        print(text);
        std::cout << '\n';
    }
    return std::cout.flush() ? 0 : 1;
}

int print_classes()
{
    return for_each_document([](std::string_view text) {
        const ByteClasses classes = classify(text);
        for (const auto count : classes.counts())
            std::cout << count << ' ';
    });
}

int print_estimates(std::string_view name)
{
    const Estimator estimator(family_of(name));
    return for_each_document([&](std::string_view text) {
        const Count count = estimator.estimate(text);
        std::cout << spillway::count(count.tokens) << ' ' << spillway::count(count.upper);
    });
}

}  // namespace

int main(int argc, char** argv)
{
    std::ios::sync_with_stdio(false);
    const std::string_view mode = argc > 1 ? argv[1] : "";
    if (mode == "classes")
        return print_classes();
    if (mode == "estimate" && argc > 2)
        return print_estimates(argv[2]);
    std::cerr << "usage: token_probe classes | estimate MODEL\n";
    return 2;
}
