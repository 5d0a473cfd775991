// Reads documents from standard input, each as its length in decimal, a line end and its bytes, and
// prints one line for each: what scripts and tests compare with other counters.
//
//   token_probe classes            counts of byte classes
//   token_probe estimate MODEL     tokens and upper end of the estimate
//   token_probe count MODEL FILE   tokens by the vocabulary in FILE

#include <iostream>
#include <string>
#include <string_view>

#include "spillway/tokens/estimator.hpp"
#include "spillway/tokens/vocabulary.hpp"

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

int print_counts(std::string_view model, const char* file)
{
    auto vocabulary = Vocabulary::load(family_of(model), file);
    if (!vocabulary) {
        std::cerr << vocabulary.error().message() << '\n';
        return 1;
    }
    Counter counter(std::move(*vocabulary));
    return for_each_document(
        [&](std::string_view text) { std::cout << spillway::count(counter.count(text)); });
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
    if (mode == "count" && argc > 3)
        return print_counts(argv[2], argv[3]);
    std::cerr << "usage: token_probe classes | estimate MODEL | count MODEL FILE\n";
    return 2;
}
