#include "spillway/gateway/verification.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t most_judged = std::size_t{1} * 1024 * 1024;

review::Bar bar_of(const config::RouteVerify& wish)
{
    review::Bar bar;
    bar.checks = wish.checks;
    if (wish.min_logprob)
        bar.least_logprob = static_cast<float>(*wish.min_logprob);
    return bar;
}

}  // namespace

Verification::Verification(const config::RouteVerify& wish, std::string_view body)
    : wish_(wish), bar_(bar_of(wish)), asked_(review::read_asked(body))
{}

std::optional<review::Fault> Verification::judge(std::string_view answer) const
{
    const auto read = review::read_whole(answer);
    return read ? review::first_fault(*read, asked_, bar_, review::Extent::whole) : std::nullopt;
}

void Verification::add(std::string_view event, TimePoint now)
{
    if (tokens_++ == 0)
        hold_until_ = now + wish_.hold_time;
    bytes_ += event.size();
    if (bytes_ <= most_judged)
        streamed_.add(event);
}

bool Verification::holds(TimePoint now) const
{
    return tokens_ < wish_.hold_tokens && (tokens_ == 0 || now < hold_until_);
}

std::optional<review::Fault> Verification::judge_stream(review::Extent extent) const
{
    if (bytes_ > most_judged)
        return std::nullopt;
    return review::first_fault(streamed_.answer(), asked_, bar_, extent);
}

std::string cascade_word(std::string_view end, std::optional<review::Fault> fault)
{
    std::string word(end);
    if (fault)
        word.append(":").append(review::name(*fault));
    return word;
}

}  // namespace spillway::gateway
