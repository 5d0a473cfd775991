#pragma once

#include <string_view>
#include <vector>

#include "spillway/base/text.hpp"
#include "spillway/net/http_head.hpp"

namespace spillway::gateway {

/// What the headers of one name say, in their order, without those that say nothing. Proxies add
/// lines to what a client wrote: where a header narrows, each of them counts.
[[nodiscard]] inline std::vector<std::string_view> values_of(const net::Fields& fields,
                                                             std::string_view name)
{
    std::vector<std::string_view> values;
    for (const auto& field : fields)
        if (!field.value.empty() && iequals(field.name, name))
            values.push_back(field.value);
    return values;
}

}  // namespace spillway::gateway
