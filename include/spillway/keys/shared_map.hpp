#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace spillway::keys {

/// A map from names to values that never change, whose copies share what they have in common: a
/// copy with one entry changed costs a part in 256 of the map. A copy is a value of its own; one
/// object is used by one thread at a time, unless it is constant.
template <class T>
class SharedMap {
public:
    using Item = std::shared_ptr<const T>;

    SharedMap() = default;
    SharedMap(const SharedMap& other) : buckets_(other.buckets_), size_(other.size_) {}
    SharedMap(SharedMap&& other) noexcept = default;
    SharedMap& operator=(SharedMap other) noexcept
    {
        buckets_.swap(other.buckets_);
        std::swap(made_, other.made_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~SharedMap() = default;

    /// Null when there is none.
    [[nodiscard]] Item find(std::string_view name) const
    {
        const auto& bucket = buckets_[place_of(name)];
        if (!bucket)
            return nullptr;
        const auto found = bucket->find(name);
        return found == bucket->end() ? nullptr : found->second;
    }
    void put(const std::string& name, Item item)
    {
        auto& bucket = own(place_of(name));
        const auto [place, added] = bucket.insert_or_assign(name, std::move(item));
        size_ += added ? 1 : 0;
    }
    void erase(std::string_view name)
    {
        if (!find(name))
            return;
        auto& bucket = own(place_of(name));
        bucket.erase(bucket.find(name));
        --size_;
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    /// Calls `visit(name, item)` for each, in no order.
    template <class Visit>
    void each(Visit&& visit) const
    {
        for (const auto& bucket : buckets_)
            if (bucket)
                for (const auto& [name, item] : *bucket)
                    visit(name, item);
    }

private:
    using Bucket = std::map<std::string, Item, std::less<>>;

    static std::size_t place_of(std::string_view name)
    {
        return std::hash<std::string_view>{}(name) % 256;
    }
    /// The bucket, for this map alone. One that it did not make itself may just have been given up
    /// by another thread, of whose reading the count alone tells nothing.
    Bucket& own(std::size_t place)
    {
        auto& bucket = buckets_[place];
        if (!bucket)
            bucket = std::make_shared<Bucket>();
        else if (!made_[place] || bucket.use_count() > 1)
            bucket = std::make_shared<Bucket>(*bucket);
        made_.set(place);
        return *bucket;
    }

    std::array<std::shared_ptr<Bucket>, 256> buckets_;
    std::bitset<256> made_;  ///< Which of them this map has made since it was copied.
    std::size_t size_ = 0;
};

}  // namespace spillway::keys
