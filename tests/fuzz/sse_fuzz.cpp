#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "require.hpp"
#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "unit/dialect/event_boundaries.hpp"

namespace {

using namespace spillway;
using namespace spillway::dialect;

void check_usage(const StreamMeter& meter)
{
    constexpr std::int64_t most = 4'000'000'000;
    const auto usage = meter.usage(Tokens{10});
    for (const auto tokens :
         {usage.prompt, usage.completion, usage.cached, usage.cache_write, usage.reasoning}) {
        require(count(tokens) >= 0 && count(tokens) <= most);
    }
    require(count(usage.cached) + count(usage.cache_write) <= count(usage.prompt));
    require(count(usage.reasoning) <= count(usage.completion));
}

void meter(std::string_view stream, const std::vector<std::size_t>& ends, chat::Endpoint endpoint,
           bool usage_asked)
{
    StreamMeter meter(endpoint, usage_asked);
    std::size_t begin = 0;
    for (const auto end : ends) {
        const auto event = stream.substr(begin, end - begin);
        const auto verdict = meter.see(event);
        require(verdict.kind != EventKind::malformed || !verdict.relay);
        require(!verdict.rewritten || verdict.rewritten->size() < event.size());
        begin = end;
    }
    require(!(meter.ended_properly() && !meter.failure().message.empty()));
    check_usage(meter);
}

}  // namespace

/// Cutting a stream differently never changes its events, and no event breaks the meter.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view stream(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const auto ends = boundaries(stream, size);
    require(boundaries(stream, 1) == ends);
    require(boundaries(stream, 2 + bytes[0] % 13U) == ends);
    EventBoundary boundary;
    const auto last = boundary.last_end(stream);
    require(last.has_value() == !ends.empty() && (!last || *last == ends.back()));
    meter(stream, ends, static_cast<chat::Endpoint>(bytes[0] & 3U), (bytes[0] & 4U) != 0);
    (void)classify(bytes[0] * 2, stream, std::nullopt);
    (void)read_answer(stream, chat::Endpoint::chat, Tokens{1});
    return 0;
}
