#include "spillway/net/ask.hpp"

namespace spillway::net {

Task<std::optional<std::string>> ask(UpstreamCall& call, const Origin& origin,
                                     const UpstreamRequest& question, const CallBounds& bounds,
                                     std::size_t most)
{
    const auto head = co_await call.start(origin, question, bounds);
    if (!head || (*head)->status != 200)
        co_return std::nullopt;
    std::string answer;
    while (answer.size() <= most) {
        const auto piece = co_await call.read(bounds.deadline);
        if (!piece)
            co_return std::nullopt;
        if (piece->empty())
            co_return answer;
        answer.append(*piece);
    }
    co_return std::nullopt;
}

}  // namespace spillway::net
