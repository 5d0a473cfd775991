#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"

namespace spillway::privacy {

/// A kind of sensitive text. Its name (`name`) is stable: configurations, records and receipts hold
/// it; the number is not. The operator's own classes follow from `first_own` on.
enum class ClassId : std::uint8_t {
    payment_card,
    iban,
    us_ssn,
    uk_nino,
    uk_nhs,
    de_steuer_id,
    fr_nir,
    es_dni,
    it_codice_fiscale,
    nl_bsn,
    be_nn,
    ch_ahv,
    pl_pesel,
    se_personnummer,
    no_fnr,
    dk_cpr,
    fi_hetu,
    br_cpf,
    mx_curp,
    ca_sin,
    au_tfn,
    in_aadhaar,
    cn_resident_id,
    jp_my_number,
    kr_rrn,
    sg_nric,
    passport,
    email,
    phone,
    secret,
    private_key,
    medical,
    confidential,
    first_own,
};

inline constexpr std::size_t built_in_classes = static_cast<std::size_t>(ClassId::first_own);
inline constexpr std::size_t most_classes = 64;
inline constexpr std::size_t most_own_classes = most_classes - built_in_classes;

/// A set of classes. This is all that a scan tells: it has no room for the text that matched.
class ClassSet {
public:
    constexpr ClassSet() = default;
    constexpr ClassSet(std::initializer_list<ClassId> ids)
    {
        for (const auto id : ids) {
            add(id);
        }
    }
    /// Every class from `first` to `last`, both included.
    [[nodiscard]] static constexpr ClassSet range(ClassId first, ClassId last)
    {
        ClassSet set;
        for (auto id = static_cast<unsigned>(first); id <= static_cast<unsigned>(last); ++id) {
            set.add(static_cast<ClassId>(id));
        }
        return set;
    }
    /// All classes that spillway knows by itself.
    [[nodiscard]] static constexpr ClassSet built_in()
    {
        return range(ClassId::payment_card, ClassId::confidential);
    }

    constexpr void add(ClassId id) { bits_ |= bit(id); }
    constexpr void add(ClassSet other) { bits_ |= other.bits_; }
    constexpr void remove(ClassSet other) { bits_ &= ~other.bits_; }
    [[nodiscard]] constexpr bool contains(ClassId id) const { return (bits_ & bit(id)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr std::size_t size() const
    {
        return static_cast<std::size_t>(std::popcount(bits_));
    }
    /// For records: the set as a number, valid within one configuration.
    [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }

    template <class Visit>
    constexpr void each(Visit visit) const
    {
        for (auto rest = bits_; rest != 0; rest &= rest - 1) {
            visit(static_cast<ClassId>(std::countr_zero(rest)));
        }
    }

    friend constexpr ClassSet operator|(ClassSet a, ClassSet b)
    {
        return ClassSet(a.bits_ | b.bits_);
    }
    friend constexpr ClassSet operator&(ClassSet a, ClassSet b)
    {
        return ClassSet(a.bits_ & b.bits_);
    }
    friend constexpr ClassSet operator-(ClassSet a, ClassSet b)
    {
        return ClassSet(a.bits_ & ~b.bits_);
    }
    friend constexpr bool operator==(ClassSet, ClassSet) = default;

private:
    constexpr explicit ClassSet(std::uint64_t bits) : bits_(bits) {}
    static constexpr std::uint64_t bit(ClassId id)
    {
        return std::uint64_t{1} << static_cast<unsigned>(id);
    }

    std::uint64_t bits_ = 0;
};

/// The class of the operator's `index`th own pattern.
[[nodiscard]] constexpr ClassId own_class(std::size_t index)
{
    return static_cast<ClassId>(built_in_classes + index);
}

/// The name of a built-in class.
[[nodiscard]] std::string_view name(ClassId id);

/// A name that stands for several classes in a configuration.
struct ClassGroup {
    std::string_view name;
    std::string_view meaning;
    ClassSet classes;
};

/// "national_id", "financial", "credentials", "contact". ("any" and "own" depend on the names.)
[[nodiscard]] std::span<const ClassGroup> class_groups();

/// The built-in classes that `word` stands for: one of them, a group, or "any" (all of them).
[[nodiscard]] std::optional<ClassSet> parse_classes(std::string_view word);

/// What `parse_classes` understands, for suggestions.
[[nodiscard]] std::vector<std::string_view> class_names();

/// All names of one configuration: the built-in classes, the groups and the operator's own.
class ClassNames {
public:
    ClassNames() = default;
    /// @param own  Ids of the operator's patterns in order. Fails on a malformed id, one that is
    ///             taken, and on more than `most_own_classes`.
    [[nodiscard]] static Result<ClassNames> with_own(std::vector<std::string> own);

    [[nodiscard]] std::string_view of(ClassId id) const;

    /// The classes that `word` (a class, a group, "own" or "any") stands for. The error suggests
    /// the nearest name.
    [[nodiscard]] Result<ClassSet> parse(std::string_view word) const;

    /// Names in a stable order, joined by commas; "none" for the empty set.
    [[nodiscard]] std::string list(ClassSet classes) const;

    /// Every class that these names know.
    [[nodiscard]] ClassSet all() const;

private:
    std::vector<std::string> own_;
};

}  // namespace spillway::privacy
