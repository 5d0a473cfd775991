#include "shipped_bytes.hpp"
#include "spillway/base/log.hpp"
#include "spillway/score/weights.hpp"

namespace spillway::score {

const std::shared_ptr<const Weights>& shipped_weights()
{
    // A unit test reads them too: a binary that passed its tests has good ones. Weights that know
    // nothing stand in all the same, so that every caller may rely on having some.
    static const auto weights = [] {
        auto parsed = weights_within(shipped_bytes(), nullptr);
        if (parsed)
            return std::make_shared<const Weights>(std::move(*parsed));
        SPILLWAY_ERROR(
            "the built-in complexity weights are of no use, so all scores are the same: "
            "{}",
            parsed.error().message());
        Weights none;
        none.quantiles = {0, 0};
        return std::make_shared<const Weights>(std::move(none));
    }();
    return weights;
}

}  // namespace spillway::score
