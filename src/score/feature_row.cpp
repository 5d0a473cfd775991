#include "spillway/score/feature_row.hpp"

#include <algorithm>

#include "bytes.hpp"

namespace spillway::score {

namespace {

/// A whole window of one-letter words and their pairs; more cannot come out of `extract`.
constexpr std::size_t most_hashes = bucket_count;

/// Ascending numbers as differences, seven bits a byte.
void put_ascending(std::string& out, std::vector<std::uint16_t> numbers)
{
    std::sort(numbers.begin(), numbers.end());
    unsigned before = 0;
    for (const auto number : numbers) {
        auto step = number - before;
        before = number;
        for (; step >= 0x80U; step >>= 7U)
            out.push_back(static_cast<char>(step | 0x80U));
        out.push_back(static_cast<char>(step));
    }
}

/// @return False when the bytes end early or a number reaches `limit`.
bool take_ascending(std::string_view& in, std::size_t count, unsigned limit,
                    std::vector<std::uint16_t>& numbers)
{
    unsigned before = 0;
    numbers.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        unsigned step = 0;
        for (unsigned shift = 0;; shift += 7U) {
            if (in.empty() || shift > 14U)
                return false;
            const auto byte = static_cast<unsigned char>(in.front());
            in.remove_prefix(1);
            step |= (byte & 0x7FU) << shift;
            if (byte < 0x80U)
                break;
        }
        before += step;
        if (before >= limit)
            return false;
        numbers.push_back(static_cast<std::uint16_t>(before));
    }
    return true;
}

}  // namespace

std::string pack(const Features& features)
{
    ByteWriter out;
    out.put(schema_hash());
    out.put_all(std::span(features.dense));
    out.put(features.system_hash);
    out.put(features.script);
    out.put(static_cast<std::uint16_t>(features.buckets.size()));
    out.put(static_cast<std::uint16_t>(features.words.size()));
    put_ascending(out.text(), features.buckets);
    put_ascending(out.text(), features.words);
    return std::move(out.text());
}

Result<Features> unpack(std::string_view bytes)
{
    ByteReader in(bytes);
    if (in.take<std::uint64_t>() != schema_hash())
        return fail(Errc::bad_config, "stored features are of another schema");
    Features features;
    in.take_all(std::span(features.dense));
    features.system_hash = in.take<std::uint16_t>();
    const auto script = in.take<std::uint8_t>();
    const auto buckets = in.take<std::uint16_t>();
    const auto words = in.take<std::uint16_t>();
    auto rest = in.rest();
    if (!in.complete() || script >= script_count || buckets > most_hashes || words > most_hashes ||
        !take_ascending(rest, buckets, bucket_count, features.buckets) ||
        !take_ascending(rest, words, 0x10000U, features.words) || !rest.empty())
        return fail(Errc::bad_config, "stored features are damaged");
    features.script = static_cast<Script>(script);
    const bool finite = std::all_of(features.dense.begin(), features.dense.end(),
                                    [](float n) { return n > -1e9F && n < 1e9F; });
    if (!finite)
        return fail(Errc::bad_config, "stored features are damaged");
    return features;
}

}  // namespace spillway::score
