#include <cstddef>
#include <cstdint>
#include <string_view>

#include "require.hpp"
#include "spillway/net/http_head.hpp"

namespace {

using namespace spillway::net;

bool within(std::string_view whole, std::string_view part)
{
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

/// Nothing that was taken from a head can end a line or a header.
void check_fields(std::string_view head, const Fields& fields)
{
    constexpr std::string_view line_breakers("\r\n\0", 3);
    for (const auto& field : fields) {
        require(within(head, field.name) && within(head, field.value));
        require(!field.name.empty());
        require(field.name.find_first_of(": \t") == std::string_view::npos);
        require(field.name.find_first_of(line_breakers) == std::string_view::npos);
        require(field.value.find_first_of(line_breakers) == std::string_view::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view all(reinterpret_cast<const char*>(bytes), size);
    const auto end = head_end(all, 0);
    const auto head = all.substr(0, end.value_or(size));
    // Resuming the search behind any bytes already scanned finds the same end.
    require(head_end(all, size / 2) == end || !end || *end <= size / 2);
    if (const auto request = parse_request_head(head)) {
        check_fields(head, request->fields);
        require(request->target.substr(0, 1) == "/" && within(head, request->target));
        require(request->framing != Framing::until_close);
        require(request->fields.size() <= max_head_fields);
    }
    if (const auto reply = parse_reply_head(head)) {
        check_fields(head, reply->fields);
        require(reply->status >= 100 && reply->status <= 999);
    }
    return 0;
}
