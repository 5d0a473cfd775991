#include "spillway/score/share_tracker.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace spillway::score {

namespace {

/// Requests over which a debt is paid back: of ten owed, one in five of the next takes the place of
/// another. Shorter holds the share tighter and sorts worse.
constexpr float pay_back = 50;
/// A longer debt is forgotten: a flood of equal requests must not be made good for hours.
constexpr float most_owed = 50;

void put(std::string& out, float number)
{
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    out.append(text.data(), end);
    out.push_back(' ');
}

/// @return False when no number is next, or none that a tracker can hold.
bool take_number(std::string_view& in, float& number)
{
    while (in.starts_with(' '))
        in.remove_prefix(1);
    const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), number);
    if (error != std::errc{} || !std::isfinite(number))
        return false;
    in.remove_prefix(static_cast<std::size_t>(end - in.data()));
    return true;
}

constexpr std::string_view format = "share-tracker-1 ";

}  // namespace

ShareTracker::ShareTracker(const ShareTarget& target, const Weights& weights) : target_(target)
{
    target_.share = std::clamp(target.share, 0.0F, 1.0F);
    target_.cap = std::clamp(target.cap, target_.share, 1.0F);
    target_.burst = std::max(target.burst, 1.0F);
    tokens_ = target_.burst;
    // Filled with the training prompts' gains, in an order that leaves evenly.
    for (std::size_t i = 0; i < window; ++i) {
        const auto place = static_cast<float>((i * 53) % window);
        latest_[i] = weights.quantile((place + 0.5F) / static_cast<float>(window));
    }
    sorted_ = latest_;
    std::sort(sorted_.begin(), sorted_.end());
}

float ShareTracker::threshold() const noexcept
{
    const float share = target_.share + owed_ / pay_back;
    if (share <= 0 || target_.share == 0)
        return std::numeric_limits<float>::infinity();
    if (share >= 1)
        return -std::numeric_limits<float>::infinity();
    const float at = (1 - share) * static_cast<float>(window) - 0.5F;
    if (at <= 0)
        return sorted_.front();
    const auto below = std::min(static_cast<std::size_t>(at), window - 1);
    const auto above = std::min(below + 1, window - 1);
    const float part = at - static_cast<float>(below);
    return sorted_[below] + part * (sorted_[above] - sorted_[below]);
}

bool ShareTracker::take(float gain) noexcept
{
    if (!std::isfinite(gain))
        gain = sorted_[window / 2];
    const float limit = threshold();
    // Among equal scores the debt decides, so that even a stream of one score keeps the share.
    bool taken = gain > limit || (gain == limit && owed_ > 0);
    tokens_ = std::min(tokens_ + target_.cap, target_.burst);
    if (tokens_ < 1)
        taken = false;
    if (taken)
        tokens_ -= 1;
    owed_ = std::clamp(owed_ + target_.share - (taken ? 1.0F : 0.0F), -most_owed, most_owed);
    replace(latest_[next_], gain);
    latest_[next_] = gain;
    next_ = (next_ + 1) % window;
    return taken;
}

void ShareTracker::replace(float oldest, float newest) noexcept
{
    const auto hole = std::lower_bound(sorted_.begin(), sorted_.end(), oldest);
    const auto place = std::lower_bound(sorted_.begin(), sorted_.end(), newest);
    if (place > hole) {
        std::move(hole + 1, place, hole);
        *(place - 1) = newest;
    } else {
        std::move_backward(place, hole, hole + 1);
        *place = newest;
    }
}

std::string ShareTracker::serialise() const
{
    std::string out(format);
    for (const float number : {target_.share, target_.cap, target_.burst, owed_, tokens_})
        put(out, number);
    for (std::size_t i = 0; i < window; ++i)  // the oldest first
        put(out, latest_[(next_ + i) % window]);
    out.back() = '.';  // a state that is cut off does not end like this
    return out;
}

Result<ShareTracker> ShareTracker::parse(std::string_view text)
{
    const auto damaged = [] {
        return fail(Errc::bad_config, "the stored state of a share tracker is damaged");
    };
    if (!text.starts_with(format))
        return damaged();
    text.remove_prefix(format.size());
    ShareTracker tracker;
    auto& target = tracker.target_;
    for (float* number :
         {&target.share, &target.cap, &target.burst, &tracker.owed_, &tracker.tokens_}) {
        if (!take_number(text, *number))
            return damaged();
    }
    for (auto& gain : tracker.latest_) {
        if (!take_number(text, gain))
            return damaged();
    }
    const bool possible = target.share >= 0 && target.share <= target.cap && target.cap <= 1 &&
                          target.burst >= 1 && std::abs(tracker.owed_) <= most_owed &&
                          tracker.tokens_ >= 0 && tracker.tokens_ <= target.burst;
    if (text != "." || !possible)
        return damaged();
    tracker.sorted_ = tracker.latest_;
    std::sort(tracker.sorted_.begin(), tracker.sorted_.end());
    return tracker;
}

}  // namespace spillway::score
