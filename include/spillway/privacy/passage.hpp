#pragma once

#include <cstdint>
#include <string_view>

#include "spillway/privacy/boundary.hpp"
#include "spillway/privacy/clearance.hpp"
#include "spillway/privacy/locality.hpp"

namespace spillway::privacy {

/// What a configuration says of a place that connections go to, before any address is known.
struct Place {
    /// Who says that it is local: the address that its name leads to, or the operator's own word.
    enum class LocalBy : std::uint8_t { address, declaration };

    Reach reach = Reach::remote;
    LocalBy local_by = LocalBy::address;
};

/// Where the bytes of one call may go. It is the last that is asked before a connection is opened
/// or used again, so every call carries one, and none comes by default: whoever makes a call says
/// what it carries.
class Passage {
public:
    /// For a request within `boundary` to `place`. What must stay local passes to nowhere when the
    /// place is not local, whatever its address is.
    /// @param hosts  Which addresses are local. Must outlive every call that this is given to.
    [[nodiscard]] static constexpr Passage within(Boundary boundary, const Place& place,
                                                  const LocalHosts& hosts)
    {
        if (boundary == Boundary::any)
            return Passage(Rule::anywhere, nullptr);
        if (!permits(boundary, place.reach))
            return Passage(Rule::nowhere, nullptr);
        return place.local_by == Place::LocalBy::declaration ? Passage(Rule::anywhere, nullptr)
                                                             : Passage(Rule::local, &hosts);
    }
    /// For a text that may leave.
    [[nodiscard]] static constexpr Passage cleared(Clearance /*proof*/)
    {
        return {Rule::anywhere, nullptr};
    }
    /// For what holds nothing of any request: health checks, discovery, alerts.
    [[nodiscard]] static constexpr Passage without_request() { return {Rule::anywhere, nullptr}; }

    /// May a connection to `host` lead to this address?
    [[nodiscard]] bool allows(std::string_view host, const Address& address) const
    {
        return rule_ == Rule::anywhere ||
               (rule_ == Rule::local && hosts_->reach(host, address) == Reach::local);
    }
    /// True when the address does not matter.
    [[nodiscard]] constexpr bool allows_any() const { return rule_ == Rule::anywhere; }

private:
    enum class Rule : std::uint8_t { nowhere, local, anywhere };

    constexpr Passage(Rule rule, const LocalHosts* hosts) : hosts_(hosts), rule_(rule) {}

    const LocalHosts* hosts_;  ///< For `local` only.
    Rule rule_;
};

}  // namespace spillway::privacy
