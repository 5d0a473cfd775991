#include "spillway/tokens/byte_classes.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "byte_machine.hpp"

namespace spillway::tokens {
namespace {

constexpr std::string_view row_version = "1;";
constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();

}  // namespace

void ByteClasses::add(ByteClass which, std::uint64_t more)
{
    std::uint32_t& count = counts_[static_cast<std::size_t>(which)];
    count = static_cast<std::uint32_t>(more > most - count ? most : count + more);
}

ByteClasses& ByteClasses::operator+=(const ByteClasses& other)
{
    for (std::size_t i = 0; i < byte_class_count; ++i)
        add(static_cast<ByteClass>(i), other.counts_[i]);
    return *this;
}

ByteClasses classify(std::string_view text)
{
    const ByteMachine& machine = ByteMachine::the();
    std::array<std::uint64_t, ByteMachine::most_states> visits{};
    // The chain from state to state is what bounds the speed, so two halves of a long text are
    // walked side by side. The second half starts cold: at most one word is classed differently.
    const std::size_t half = text.size() < 512 ? 0 : text.size() / 2;
    std::uint8_t first = ByteMachine::start;
    std::uint8_t second = ByteMachine::start;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    for (std::size_t i = 0; i < half; ++i) {
        first = machine.next(first, bytes[i]);
        second = machine.next(second, bytes[half + i]);
        ++visits[first];
        ++visits[second];
    }
    for (std::size_t i = 2 * half; i < text.size(); ++i) {
        second = machine.next(second, bytes[i]);
        ++visits[second];
    }
    std::array<std::uint64_t, byte_class_count + 1> sums{};
    for (std::size_t state = 0; state < machine.size(); ++state)
        sums[machine.class_of(state)] += visits[state];
    ByteClasses classes;
    for (std::size_t i = 0; i < byte_class_count; ++i)
        classes.add(static_cast<ByteClass>(i), sums[i]);
    return classes;
}

std::string to_row(const ByteClasses& classes)
{
    std::string row(row_version);
    std::size_t last = byte_class_count;
    while (last > 0 && classes.counts()[last - 1] == 0)
        --last;
    for (std::size_t i = 0; i < last; ++i) {
        if (i > 0)
            row += ',';
        if (classes.counts()[i] != 0)
            row += std::to_string(classes.counts()[i]);
    }
    return row;
}

Result<ByteClasses> classes_from_row(std::string_view row)
{
    if (!row.starts_with(row_version))
        return fail(Errc::invalid_request, "byte classes of an unknown version");
    row.remove_prefix(row_version.size());
    ByteClasses classes;
    for (std::size_t i = 0; !row.empty(); ++i) {
        const std::size_t comma = std::min(row.find(','), row.size());
        const std::string_view field = row.substr(0, comma);
        std::uint32_t count = 0;
        const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), count);
        const bool read = error == std::errc() && end == field.data() + field.size();
        if (i >= byte_class_count || (!field.empty() && !read))
            return fail(Errc::invalid_request, "byte classes that are not a list of counts");
        classes.add(static_cast<ByteClass>(i), count);
        row.remove_prefix(std::min(comma + 1, row.size()));
    }
    return classes;
}

}  // namespace spillway::tokens
