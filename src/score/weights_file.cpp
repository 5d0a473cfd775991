#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <type_traits>

#include "bytes.hpp"
#include "frozen_pages.hpp"
#include "spillway/base/text.hpp"
#include "spillway/score/weights.hpp"

namespace spillway::score {

namespace {

constexpr std::uint64_t magic = 0x31524f4353575053U;  // "SPWSCOR1"
constexpr std::uint32_t version = 1;
constexpr std::size_t name_bytes = 64;

/// What a reader must know before anything else.
struct Head1 {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t size;  ///< Of the whole file.
    std::uint64_t schema;
};

constexpr std::array<std::uint32_t, 256> make_crc_table()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        auto crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
        table[i] = crc;
    }
    return table;
}

constexpr auto crc_table = make_crc_table();

template <class Numbers>
bool finite(const Numbers& numbers)
{
    return std::all_of(std::begin(numbers), std::end(numbers),
                       [](auto n) { return std::isfinite(n); });
}

void write_head(ByteWriter& out, const HeadWeights& head)
{
    out.put(head.table_scale);
    out.put(head.bias);
    out.put(head.slope);
    out.put(head.offset);
    out.put_all(std::span(head.dense));
}

HeadWeights read_head(ByteReader& in)
{
    HeadWeights head;
    head.table_scale = in.take<float>();
    head.bias = in.take<float>();
    head.slope = in.take<float>();
    head.offset = in.take<float>();
    in.take_all(std::span(head.dense));
    return head;
}

bool plausible(const Weights& weights)
{
    for (const auto& head : weights.heads) {
        if (!finite(head.dense) ||
            !finite(std::array{head.table_scale, head.bias, head.slope, head.offset}))
            return false;
    }
    const auto& apgr = weights.apgr;
    return finite(weights.mean) && finite(weights.inverse_deviation) && finite(weights.quantiles) &&
           finite(std::array{apgr.value, apgr.low, apgr.high}) &&
           std::is_sorted(weights.quantiles.begin(), weights.quantiles.end()) &&
           weights.known_floor >= 0 && weights.known_floor <= 1;
}

/// As many numbers as there are in `numbers` now, where they lie.
template <class Number>
void take_in_place(ByteReader& in, Numbers<Number>& numbers,
                   const std::shared_ptr<const void>& keeper)
{
    static_assert(sizeof(Number) == 1, "these lie anywhere");
    const auto bytes = in.take_bytes(numbers.size());
    numbers = Numbers<Number>(
        std::span(reinterpret_cast<const Number*>(bytes.data()), bytes.size()), keeper);
}

/// Everything after the first head.
Result<Weights> read_body(ByteReader& in, const std::shared_ptr<const void>& keeper)
{
    Weights weights;
    std::array<char, name_bytes> label{};
    in.take_all(std::span(label));
    weights.name = printable(std::string_view(label.data(), strnlen(label.data(), name_bytes - 1)));
    weights.created = WallTime(std::chrono::microseconds(in.take<std::int64_t>()));
    weights.training_hash = in.take<std::uint64_t>();
    weights.rows = in.take<std::uint32_t>();
    weights.scripts = in.take<std::uint32_t>();
    weights.known_floor = in.take<float>();
    weights.apgr.value = in.take<double>();
    weights.apgr.low = in.take<double>();
    weights.apgr.high = in.take<double>();
    in.take_all(std::span(weights.mean));
    in.take_all(std::span(weights.inverse_deviation));
    for (auto& head : weights.heads)
        head = read_head(in);
    take_in_place(in, weights.table, keeper);
    take_in_place(in, weights.systems, keeper);
    take_in_place(in, weights.vocabulary, keeper);
    const auto points = in.take<std::uint32_t>();
    if (points < 2 || points > most_quantiles)
        return fail(Errc::bad_config, "weights file has no usable calibration");
    weights.quantiles.resize(points);
    in.take_all(std::span(weights.quantiles));
    if (!in.complete() || !in.rest().empty() || !plausible(weights))
        return fail(Errc::bad_config, "weights file does not hold what its head says");
    return weights;
}

/// The head of bytes that are whole, whatever they were trained with.
Result<Head1> read_sealed(std::string_view bytes)
{
    ByteReader in(bytes);
    const auto head = in.take<Head1>();
    if (!in.complete() || head.magic != magic)
        return fail(Errc::bad_config, "not a weights file");
    if (head.version != version)
        return fail(Errc::bad_config, "weights file of version " + std::to_string(head.version) +
                                          "; this build reads version " + std::to_string(version));
    if (head.size != bytes.size() || bytes.size() > largest_weights)
        return fail(Errc::bad_config,
                    "weights file is cut off or too long: " + std::to_string(bytes.size()) +
                        " bytes instead of " + std::to_string(head.size));
    const auto body = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
    if (ByteReader(bytes.substr(body.size())).take<std::uint32_t>() != crc32c(body))
        return fail(Errc::bad_config, "weights file is damaged: its checksum does not match");
    return head;
}

Error io_failure(std::string_view what, const std::string& path)
{
    const auto why = std::generic_category().message(errno);
    return {Errc::io_error, std::string(what) + " '" + printable(path) + "': " + why};
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) noexcept
{
    std::uint32_t crc = ~0U;
    for (const char c : bytes)
        crc = (crc >> 8U) ^ crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
    return ~crc;
}

std::string serialise(const Weights& weights)
{
    ByteWriter out;
    out.put(Head1{magic, version, 0, schema_hash()});
    std::array<char, name_bytes> label{};
    std::copy_n(weights.name.data(), std::min(weights.name.size(), name_bytes - 1), label.data());
    out.put_all(std::span(label));
    out.put(static_cast<std::int64_t>(weights.created.time_since_epoch().count()));
    out.put(weights.training_hash);
    out.put(weights.rows);
    out.put(weights.scripts);
    out.put(weights.known_floor);
    out.put(weights.apgr.value);
    out.put(weights.apgr.low);
    out.put(weights.apgr.high);
    out.put_all(std::span(weights.mean));
    out.put_all(std::span(weights.inverse_deviation));
    for (const auto& head : weights.heads)
        write_head(out, head);
    out.put_all(weights.table.all());
    out.put_all(weights.systems.all());
    out.put_all(weights.vocabulary.all());
    out.put(static_cast<std::uint32_t>(weights.quantiles.size()));
    out.put_all(std::span(weights.quantiles));
    auto& bytes = out.text();
    const auto size = static_cast<std::uint32_t>(bytes.size() + sizeof(std::uint32_t));
    std::memcpy(bytes.data() + offsetof(Head1, size), &size, sizeof size);
    out.put(crc32c(bytes));
    return std::move(bytes);
}

Result<Weights> parse_weights(std::string_view bytes)
{
    const auto own = std::make_shared<const std::string>(bytes);
    return weights_within(*own, own);
}

Result<Weights> weights_within(std::string_view bytes, const std::shared_ptr<const void>& keeper)
{
    const auto head = read_sealed(bytes);
    if (!head)
        return fail(head.error());
    if (head->schema != schema_hash())
        return fail(Errc::bad_config,
                    "weights file was trained with other features than this build extracts; "
                    "train it again");
    const auto body = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
    ByteReader rest(body.substr(sizeof(Head1)));
    return read_body(rest, keeper);
}

Result<std::shared_ptr<const Weights>> load_weights(const std::string& path)
{
    const auto pages = FrozenPages::of_file(path, largest_weights);
    if (!pages)
        return fail(pages.error());
    auto parsed = weights_within((*pages)->bytes(), *pages);
    if (!parsed)
        return fail(std::move(parsed.error()).within(printable(path)));
    return std::make_shared<const Weights>(std::move(*parsed));
}

Result<UsableWeights> usable_weights(const std::string& path)
{
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown))
        return UsableWeights{shipped_weights(), WeightsSource::none_yet};
    auto loaded = load_weights(path);
    if (loaded)
        return UsableWeights{*std::move(loaded), WeightsSource::file};
    // Whole, and of another build?
    if (const auto pages = FrozenPages::of_file(path, largest_weights)) {
        const auto head = read_sealed((*pages)->bytes());
        if (head && head->schema != schema_hash())
            return UsableWeights{shipped_weights(), WeightsSource::other_features};
    }
    return fail(std::move(loaded).error());
}

Result<void> save_weights(const Weights& weights, const std::string& path)
{
    const auto bytes = serialise(weights);
    if (bytes.size() > largest_weights)
        return fail(Errc::internal, "weights do not fit into a file");
    const auto beside = path + ".new";
    errno = 0;
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out)
        return fail(io_failure("cannot write", beside));
    std::error_code error;
    std::filesystem::rename(beside, path, error);
    if (error)
        return fail(Errc::io_error,
                    "cannot rename to '" + printable(path) + "': " + error.message());
    return {};
}

}  // namespace spillway::score
