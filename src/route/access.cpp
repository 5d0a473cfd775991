#include "spillway/route/access.hpp"

#include <algorithm>

#include "name_pattern.hpp"

namespace spillway::route {

namespace {

bool allows(const chat::ModelList& list, std::string_view asked, std::string_view group)
{
    return matches_any(list.names, asked) || (!group.empty() && matches_any(list.names, group));
}

}  // namespace

const chat::ModelList* denying_list(const chat::Grant& grant, std::string_view asked,
                                    std::string_view group)
{
    const auto& lists = grant.models;
    const auto found = std::find_if(lists.begin(), lists.end(),
                                    [&](const auto& list) { return !allows(list, asked, group); });
    return found == lists.end() ? nullptr : &*found;
}

bool may_use(const Access& access, std::string_view asked, std::string_view group)
{
    return !access.grant || denying_list(*access.grant, asked, group) == nullptr;
}

bool may_be_led(const Access& access, std::string_view asked, std::string_view group)
{
    if (!access.grant)
        return true;
    const auto& lists = access.grant->models;
    for (std::size_t i = 0; i < lists.size(); ++i)
        if ((access.only_routes >> i & 1U) == 0 && !allows(lists[i], asked, group))
            return false;
    return true;
}

}  // namespace spillway::route
