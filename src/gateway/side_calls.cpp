#include "spillway/gateway/side_calls.hpp"

namespace spillway::gateway {

void SideCalls::stop() noexcept
{
    stopped_ = true;
    // Cancelling resumes nobody at once, so the list stands still meanwhile.
    for (auto* const call : running_)
        call->cancel();
}

SideCalls::Place::Place(SideCalls& list, net::UpstreamCall& call) : list_(list), call_(call)
{
    list_.running_.push_back(&call_);
}

SideCalls::Place::~Place()
{
    std::erase(list_.running_, &call_);
}

}  // namespace spillway::gateway
