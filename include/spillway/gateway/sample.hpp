#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/parameter.hpp"
#include "spillway/privacy/clearance.hpp"
#include "spillway/route/features.hpp"
#include "spillway/route/plan.hpp"
#include "spillway/route/route_book.hpp"

namespace spillway::gateway {

struct Described;
struct InferenceRequest;

/// Bodies and answers up to this size are compared.
inline constexpr std::size_t largest_compared = std::size_t{128} * 1024;

/// What a second model and a grader will need of a request that was drawn for comparison. Nothing
/// of it is kept for any other request.
struct Sample {
    explicit Sample(privacy::Clearance given) : clearance(given) {}

    privacy::Clearance clearance;  ///< That it may be shown to somebody its client did not name.
    const route::CompiledRoute* route = nullptr;  ///< Of the request's snapshot.
    std::string body;  ///< The client's; followed by the padding that readers of JSON want.
    std::size_t body_size = 0;
    std::string suffix;
    std::string forwarded;                      ///< The client's own headers that go on.
    std::vector<config::Parameter> parameters;  ///< That the rule sets.
    std::string features;                       ///< As of `score::pack`.
    Tokens prompt{};                            ///< Upper end.
    route::ContentSet content;

    std::string answer;  ///< What the client got, as it came.
    enum class Form : std::uint8_t { whole, stream } form = Form::whole;
    enum class Hold : std::uint8_t { all, too_large } hold = Hold::all;

    /// Adds a piece of the answer, up to `largest_compared` of it.
    void keep(std::string_view bytes);
    [[nodiscard]] std::string_view request() const
    {
        return std::string_view(body).substr(0, body_size);
    }
};

/// Does a uniform draw fall into `share` (0..1)? Looks at nothing else: what is learned from a
/// sample is only as good as the sample is even.
[[nodiscard]] bool is_drawn(double share, std::uint64_t draw) noexcept;

/// The request's sample when its route compares, the draw says so, and nothing about it is private;
/// null otherwise, for nearly all requests.
[[nodiscard]] std::unique_ptr<Sample> draw_sample(const InferenceRequest& request,
                                                  const Described& described,
                                                  const route::Plan& plan, std::uint64_t draw);

/// Which of two deployments is the strong one of the pair.
enum class Stronger : std::uint8_t { shadow, other };
/// @param shadow  Of the shadow's group. @param other  Of the group that it is compared with.
[[nodiscard]] Stronger stronger_of(config::ShadowRole role, const route::Deployment& shadow,
                                   const route::Deployment& other);

}  // namespace spillway::gateway
