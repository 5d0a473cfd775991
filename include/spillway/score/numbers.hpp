#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace spillway::score {

/// Numbers that stay as they are: some of their own, or a piece of bytes that others hold as well
/// (a file's). Copies share them. Any thread may read.
template <class Number>
class Numbers {
public:
    Numbers() = default;
    /// Takes them over.
    Numbers(std::vector<Number> own)  // NOLINT(google-explicit-constructor): it is the same thing
        : Numbers(std::make_shared<const std::vector<Number>>(std::move(own)))
    {}
    /// @param keeper  Keeps what `view` looks at; null when that is always there.
    Numbers(std::span<const Number> view, std::shared_ptr<const void> keeper)
        : keeper_(std::move(keeper)), view_(view)
    {}

    [[nodiscard]] const Number& operator[](std::size_t i) const noexcept { return view_[i]; }
    [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }
    [[nodiscard]] std::span<const Number> all() const noexcept { return view_; }
    /// To be changed and made numbers again.
    [[nodiscard]] std::vector<Number> copy() const { return {view_.begin(), view_.end()}; }

private:
    explicit Numbers(std::shared_ptr<const std::vector<Number>> own)
        : keeper_(own), view_(own->data(), own->size())
    {}

    std::shared_ptr<const void> keeper_;
    std::span<const Number> view_;
};

}  // namespace spillway::score
