#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace spillway {

/// A credential. Has no way into a stream or a log, and wipes itself.
/// `reveal()` is the only way to the bytes, so that every use can be searched for.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) noexcept = default;
    /// By swapping, so that the destructor of `other` wipes what was here before.
    Secret& operator=(Secret other) noexcept
    {
        value_.swap(other.value_);
        return *this;
    }
    ~Secret();

    [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
    [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

    friend bool operator==(const Secret& a, const Secret& b) { return a.value_ == b.value_; }

private:
    std::string value_;
};

/// Equality in a time that depends on the length of what was offered only: neither the secret's
/// bytes nor its length can be read off it.
[[nodiscard]] bool equals_secret(std::string_view offered, std::string_view secret) noexcept;

/// Lower-case hex SHA-256 of `text`: how a key is named in records.
[[nodiscard]] std::string sha256_hex(std::string_view text);

}  // namespace spillway
