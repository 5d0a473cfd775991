#include "open_call_page.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "spillway/base/error_code.hpp"

namespace spillway::ledger {
namespace {

/// In the order of the page: who pays first, so that nothing long crowds it out.
constexpr std::array views{&CallNote::key_hash,    &CallNote::team_id,        &CallNote::user_id,
                           &CallNote::group,       &CallNote::deployment_id,  &CallNote::provider,
                           &CallNote::end_user,    &CallNote::tags,           &CallNote::call_type,
                           &CallNote::asked_model, &CallNote::upstream_model, &CallNote::api_base};
constexpr std::array texts{
    &SpendRecord::key_hash,    &SpendRecord::team_id,        &SpendRecord::user_id,
    &SpendRecord::group,       &SpendRecord::deployment_id,  &SpendRecord::provider,
    &SpendRecord::end_user,    &SpendRecord::tags,           &SpendRecord::call_type,
    &SpendRecord::asked_model, &SpendRecord::upstream_model, &SpendRecord::api_base};
static_assert(views.size() == texts.size());

constexpr std::size_t length_size = 2;
/// Kept free behind the tags, so that the rest is there at least in part.
constexpr std::size_t kept_for_rest = 512;
constexpr std::string_view tags_too_long = "[\"spillway: too long\"]";

/// Eight bytes at a time: it must tell a torn page, not an attack.
std::uint64_t mixed(std::uint64_t hash, const unsigned char* bytes, std::size_t size)
{
    constexpr std::uint64_t prime = 0x9E37'79B9'7F4A'7C15U;
    while (size > 0) {
        std::uint64_t word = 0;
        const auto step = std::min(size, sizeof word);
        std::memcpy(&word, bytes, step);
        hash = (hash ^ word) * prime;
        hash ^= hash >> 29U;
        bytes += step;
        size -= step;
    }
    return hash;
}

}  // namespace

std::uint64_t checksum_of(const OpenCallPage& page)
{
    const std::array<std::uint64_t, 7> numbers{page.attempt,
                                               page.id_high,
                                               page.id_low,
                                               static_cast<std::uint64_t>(page.started),
                                               static_cast<std::uint64_t>(page.charged_at),
                                               static_cast<std::uint64_t>(page.amount),
                                               page.used};
    std::uint64_t hash = 1;
    for (const auto number : numbers)
        hash = mixed(hash, reinterpret_cast<const unsigned char*>(&number), sizeof number);
    return mixed(hash, page.texts, std::min<std::size_t>(page.used, OpenCallPage::room));
}

namespace {

void put(OpenCallPage& page, std::string_view text, std::size_t spare)
{
    const auto left = OpenCallPage::room - page.used;
    const auto most = left > spare + length_size ? left - spare - length_size : 0;
    text = text.substr(0, most);
    page.texts[page.used] = static_cast<unsigned char>(text.size() & 0xFFU);
    page.texts[page.used + 1] = static_cast<unsigned char>(text.size() >> 8U);
    // An empty view may point nowhere, and memcpy must not be told so.
    if (!text.empty())
        std::memcpy(page.texts + page.used + length_size, text.data(), text.size());
    page.used += static_cast<std::uint32_t>(length_size + text.size());
}

}  // namespace

void write_page(OpenCallPage& page, const CallNote& call)
{
    page.attempt = call.attempt;
    page.id_high = call.id.high;
    page.id_low = call.id.low;
    page.started = call.started.time_since_epoch().count();
    page.charged_at = call.charged_at.time_since_epoch().count();
    page.amount = count(call.amount);
    page.used = 0;
    page.unused = 0;
    std::size_t still = views.size();
    for (const auto view : views) {
        --still;
        auto text = call.*view;
        const bool tags = view == &CallNote::tags;
        // Cut in the middle they would not be JSON any more.
        if (tags && page.used + text.size() + kept_for_rest > OpenCallPage::room)
            text = tags_too_long;
        put(page, text, still * length_size);
    }
    page.checksum = checksum_of(page);
    page.state.store(OpenCallPage::live, std::memory_order_release);
}

std::optional<PageContent> read_page(const OpenCallPage& page)
{
    if (page.state.load(std::memory_order_acquire) != OpenCallPage::live ||
        page.used > OpenCallPage::room || page.amount < 0 || page.checksum != checksum_of(page)) {
        return std::nullopt;
    }
    PageContent content;
    content.attempt = page.attempt;
    auto& record = content.record;
    std::size_t at = 0;
    for (const auto text : texts) {
        if (at + length_size > page.used)
            return std::nullopt;
        const std::size_t size = page.texts[at] | (std::size_t{page.texts[at + 1]} << 8U);
        at += length_size;
        if (at + size > page.used)
            return std::nullopt;
        (record.*text).assign(reinterpret_cast<const char*>(page.texts) + at, size);
        at += size;
    }
    record.id = RequestId{page.id_high, page.id_low};
    record.started = WallTime{WallTime::duration{page.started}};
    const WallTime charged_at{WallTime::duration{page.charged_at}};
    if (charged_at != record.started)
        record.charged_at = charged_at;
    record.charged = NanoUsd{page.amount};
    record.at_least = true;
    record.outcome = Outcome::broken;
    record.error = describe(Errc::interrupted).name;
    record.attempts = static_cast<int>(page.attempt);
    record.why = record.group + "/" + record.deployment_id +
                 ": the gateway ended while the call was under way; charged what was reserved";
    return content;
}

}  // namespace spillway::ledger
