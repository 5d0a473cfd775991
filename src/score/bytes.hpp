#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace spillway::score {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

/// Appends values as their bytes.
class ByteWriter {
public:
    template <class T>
    void put(const T& value)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    template <class T, std::size_t N>
    void put_all(std::span<T, N> values)
    {
        out_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    }
    [[nodiscard]] std::string& text() noexcept { return out_; }

private:
    std::string out_;
};

/// Takes values off the front of bytes. After the first that is missing every value is zero and
/// `complete` is false.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    template <class T>
    [[nodiscard]] T take()
    {
        static_assert(std::is_trivially_copyable_v<T>);
        T value{};
        take_all(std::span(&value, 1));
        return value;
    }
    template <class T, std::size_t N>
    void take_all(std::span<T, N> values)
    {
        if (rest_.size() < values.size_bytes()) {
            complete_ = false;
            rest_ = {};
        }
        if (!complete_ || values.empty())
            return;
        std::memcpy(values.data(), rest_.data(), values.size_bytes());
        rest_.remove_prefix(values.size_bytes());
    }
    /// The next `count` bytes, where they lie; nothing when they are not all there.
    [[nodiscard]] std::string_view take_bytes(std::size_t count)
    {
        complete_ = complete_ && rest_.size() >= count;
        const auto taken = complete_ ? rest_.substr(0, count) : std::string_view{};
        rest_ = complete_ ? rest_.substr(count) : std::string_view{};
        return taken;
    }
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
    bool complete_ = true;
};

}  // namespace spillway::score
