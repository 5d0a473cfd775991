#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace spillway {

/// A T that takes its room when it is first asked for to be changed; until then it reads as one
/// made by default. For what a long wait would otherwise keep room for, and rarely or late has.
template <class T>
class OnDemand {
public:
    OnDemand() = default;

    template <class U>
        requires(!std::is_same_v<std::remove_cvref_t<U>, OnDemand>)
    OnDemand& operator=(U&& value)
    {
        **this = std::forward<U>(value);
        return *this;
    }

    [[nodiscard]] T& operator*()
    {
        if (!made_)
            made_ = std::make_unique<T>();
        return *made_;
    }
    [[nodiscard]] const T& operator*() const
    {
        static const T unmade{};
        return made_ ? *made_ : unmade;
    }
    [[nodiscard]] T* operator->() { return &**this; }
    [[nodiscard]] const T* operator->() const { return &**this; }

private:
    std::unique_ptr<T> made_;
};

}  // namespace spillway
