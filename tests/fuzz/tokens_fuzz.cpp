#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "spillway/tokens/estimator.hpp"
#include "spillway/tokens/vocabulary.hpp"
#include "unit/tokens/toy_vocabulary.hpp"

namespace {

using namespace spillway::tokens;

const ToyVocabulary& toy()
{
    static const ToyVocabulary trained(
        "the counter and the counted: 1234 tokens, 5678 bytes; The END of the text. "
        "aaaa abab \xe5\xad\x97\xe5\xad\x97 \xd0\xb4\xd0\xbe\xd0\xbc \n\n  indented\n  indented",
        60);
    return trained;
}

Counter fresh(Family family)
{
    auto vocabulary = Vocabulary::parse(family, toy().rank_file());
    if (!vocabulary)
        std::abort();
    return Counter(std::move(*vocabulary));
}

}  // namespace

/// Any bytes are refused or read as a rank file; any bytes are counted: between the letters that
/// the longest token allows and one token a byte, the same at every asking.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    static Counter warm_o200k = fresh(Family::o200k);
    static Counter warm_cl100k = fresh(Family::cl100k);
    for (Counter* const counter : {&warm_o200k, &warm_cl100k}) {
        const auto counted = spillway::count(counter->count(text));
        if (counted > static_cast<std::int64_t>(size) || (size > 0 && counted < 1))
            std::abort();
        if (counted != spillway::count(counter->count(text)))
            std::abort();
    }
    if (auto read = Vocabulary::parse(Family::o200k, text)) {
        Counter counter(*read);
        if (spillway::count(counter.count(text)) > static_cast<std::int64_t>(size))
            std::abort();
    }
    const Count estimated = Estimator(Family::generic).estimate(text);
    if (estimated.upper < estimated.tokens)
        std::abort();
    if (const auto row = classes_from_row(text); row && !(*classes_from_row(to_row(*row)) == *row))
        std::abort();
    return 0;
}
