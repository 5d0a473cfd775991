// An embeddings answer between its two encodings, and its vectors' lengths. Only their bytes
// change.
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "spillway/dialect/openai_reply.hpp"

namespace spillway::dialect {
namespace {

static_assert(std::endian::native == std::endian::little, "base64 vectors are little-endian");

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto values = [] {
    std::array<std::int8_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return table;
}();

std::string base64(const std::vector<float>& vector)
{
    std::vector<unsigned char> bytes(vector.size() * sizeof(float));
    if (!bytes.empty()) {
        std::memcpy(bytes.data(), vector.data(), bytes.size());
    }
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto left = bytes.size() - at;
        const unsigned group = static_cast<unsigned>(bytes[at]) << 16U |
                               (left > 1 ? static_cast<unsigned>(bytes[at + 1]) << 8U : 0U) |
                               (left > 2 ? static_cast<unsigned>(bytes[at + 2]) : 0U);
        text += alphabet[group >> 18U];
        text += alphabet[group >> 12U & 63U];
        text += left > 1 ? alphabet[group >> 6U & 63U] : '=';
        text += left > 2 ? alphabet[group & 63U] : '=';
    }
    return text;
}

std::optional<std::vector<float>> from_base64(std::string_view text)
{
    while (!text.empty() && text.back() == '=') {
        text.remove_suffix(1);
    }
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const auto value = values[static_cast<unsigned char>(c)];
        if (value < 0) {
            return std::nullopt;
        }
        group = group << 6U | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 0xFFU);
        }
    }
    if (bytes.size() % sizeof(float) != 0) {
        return std::nullopt;
    }
    std::vector<float> vector(bytes.size() / sizeof(float));
    if (!vector.empty()) {
        std::memcpy(vector.data(), bytes.data(), bytes.size());
    }
    return vector;
}

/// The vector as JSON; nothing when it holds what JSON cannot say.
std::optional<std::string> json_array(const std::vector<float>& vector)
{
    std::string text = "[";
    std::array<char, 32> digits{};
    for (const float value : vector) {
        if (!std::isfinite(value)) {
            return std::nullopt;
        }
        // The shortest text that reads back as the same float.
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        text.append(text.size() > 1 ? "," : "").append(digits.data(), end);
    }
    return text + "]";
}

double norm_of(const std::vector<float>& vector)
{
    double sum = 0;
    for (const float value : vector) {
        sum += static_cast<double>(value) * static_cast<double>(value);
    }
    return std::sqrt(sum);
}

/// Brings the vector to length 1. False when it is there already, as far as floats can tell, or has
/// no length.
bool normalize(std::vector<float>& vector)
{
    constexpr double close_enough = 1e-6;
    const double norm = norm_of(vector);
    if (norm == 0 || !std::isfinite(norm) || std::abs(norm - 1) < close_enough) {
        return false;
    }
    for (float& value : vector) {
        value = static_cast<float>(static_cast<double>(value) / norm);
    }
    return true;
}

class Recoder {
public:
    Recoder(JsonWalker& json, const VectorWish& wish) : json_(json), wish_(wish) {}

    /// Goes through the answer. False when it is not an embeddings answer.
    bool run()
    {
        json_.object([&](const JsonKey& key) {
            if (key.text == "data" && json_.peek() == '[') {
                has_data_ = true;
                json_.array([&] { read_entry(); });
            }
        });
        return json_.finish() && has_data_;
    }

    [[nodiscard]] const std::vector<Splice>& splices() const { return splices_; }
    /// Of a vector that has another dimension than was asked for.
    [[nodiscard]] std::optional<std::size_t> wrong_dimension() const { return wrong_; }

private:
    void read_entry()
    {
        if (json_.peek() != '{') {
            json_.stop();
            return;
        }
        json_.object([&](const JsonKey& key) {
            if (key.text == "embedding") {
                recode();
            }
        });
    }

    void recode()
    {
        const auto begin = json_.offset();
        const bool is_text = json_.peek() == '"';
        if (!is_text && json_.peek() != '[') {
            json_.stop();
            return;
        }
        const bool recoded = is_text != (wish_.encoding == chat::VectorEncoding::base64);
        if (!recoded && !wish_.dimensions && wish_.length == VectorWish::Length::as_given) {
            json_.skip_bulk();
            return;
        }
        auto vector = is_text ? vector_of_text() : vector_of_floats();
        if (!vector) {
            json_.stop();
            return;
        }
        const bool changed = fit(*vector);
        if (!json_.ok() || (!recoded && !changed)) {
            return;
        }
        auto text = wish_.encoding == chat::VectorEncoding::base64
                        ? std::optional('"' + base64(*vector) + '"')
                        : json_array(*vector);
        if (!text) {
            json_.stop();
            return;
        }
        splices_.push_back({begin, json_.end() - begin, *std::move(text)});
    }

    /// Brings the vector to the wished dimension and length. @return Whether that changed it.
    bool fit(std::vector<float>& vector)
    {
        bool cut = false;
        if (wish_.dimensions && vector.size() != *wish_.dimensions) {
            cut = vector.size() > *wish_.dimensions && wish_.surplus == VectorWish::Surplus::cut;
            if (!cut) {
                wrong_ = vector.size();
                json_.stop();
                return false;
            }
            vector.resize(*wish_.dimensions);
        }
        const bool scaled = (cut || wish_.length == VectorWish::Length::unit) && normalize(vector);
        return cut || scaled;
    }

    std::optional<std::vector<float>> vector_of_text()
    {
        const auto text = json_.string();
        return text ? from_base64(text->text()) : std::nullopt;
    }

    std::optional<std::vector<float>> vector_of_floats()
    {
        std::vector<float> vector;
        json_.array([&] {
            const auto number = json_.number();
            float value = 0;
            if (number) {
                const auto* end = number->data() + number->size();
                if (std::from_chars(number->data(), end, value).ec != std::errc{}) {
                    value = tiny_or_stop(*number);
                }
            }
            vector.push_back(value);
        });
        return json_.ok() ? std::optional(std::move(vector)) : std::nullopt;
    }

    /// Out of a float's range: 0 for what is too small, the end for what is too large.
    float tiny_or_stop(std::string_view number)
    {
        double value = 0;
        const auto* end = number.data() + number.size();
        const bool is_double = std::from_chars(number.data(), end, value).ec == std::errc{};
        if (!is_double || std::abs(value) > 1) {
            json_.stop();
        }
        return 0;
    }

    JsonWalker& json_;
    const VectorWish& wish_;
    bool has_data_ = false;
    std::optional<std::size_t> wrong_;
    std::vector<Splice> splices_;
};

}  // namespace

Result<std::string> recode_embeddings(std::string body, const VectorWish& wish)
{
    const auto size = body.size();
    body.append(64, ' ');  // What simdjson may read behind the text.
    const auto text = std::string_view(body).substr(0, size);
    auto& index = JsonIndex::of_this_thread();
    bool is_answer = index.scan(text) == JsonFault::none;
    JsonWalker json(text, is_answer ? index.tokens() : std::span<const std::uint32_t>{});
    Recoder recoder(json, wish);
    is_answer = is_answer && recoder.run();
    index.shrink();
    if (const auto wrong = recoder.wrong_dimension()) {
        return fail(Errc::upstream_bad_reply,
                    "The deployment's embeddings have " + std::to_string(*wrong) + " dimensions; " +
                        std::to_string(*wish.dimensions) + " were asked for.");
    }
    if (!is_answer) {
        return fail(Errc::upstream_bad_reply,
                    "The deployment's answer is not a list of embeddings.");
    }
    if (recoder.splices().empty()) {
        body.resize(size);
        return body;
    }
    std::string recoded;
    for (const auto slice : slices(text, recoder.splices())) {
        recoded.append(slice);
    }
    return recoded;
}

}  // namespace spillway::dialect
