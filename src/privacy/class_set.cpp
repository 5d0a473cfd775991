#include "spillway/privacy/class_set.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"

namespace spillway::privacy {

namespace {

// In the order of ClassId.
constexpr std::array<std::string_view, built_in_classes> names{
    "payment_card",
    "iban",
    "us_ssn",
    "uk_nino",
    "uk_nhs",
    "de_steuer_id",
    "fr_nir",
    "es_dni",
    "it_codice_fiscale",
    "nl_bsn",
    "be_nn",
    "ch_ahv",
    "pl_pesel",
    "se_personnummer",
    "no_fnr",
    "dk_cpr",
    "fi_hetu",
    "br_cpf",
    "mx_curp",
    "ca_sin",
    "au_tfn",
    "in_aadhaar",
    "cn_resident_id",
    "jp_my_number",
    "kr_rrn",
    "sg_nric",
    "passport",
    "email",
    "phone",
    "secret",
    "private_key",
    "medical",
    "confidential",
};

constexpr std::array<ClassGroup, 4> groups{{
    {"national_id", "numbers that states give to persons, without passports",
     ClassSet::range(ClassId::us_ssn, ClassId::sg_nric)},
    {"financial", "payment cards and bank accounts",
     ClassSet{ClassId::payment_card, ClassId::iban}},
    {"credentials", "what opens doors", ClassSet{ClassId::secret, ClassId::private_key}},
    {"contact", "how a person is reached", ClassSet{ClassId::email, ClassId::phone}},
}};

constexpr std::string_view any_name = "any";
constexpr std::string_view own_name = "own";

bool is_id(std::string_view id)
{
    constexpr std::size_t longest = 40;
    return !id.empty() && id.size() <= longest && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

tl::unexpected<Error> refuse_id(const std::string& id, std::string_view why)
{
    return fail(Errc::bad_config,
                "the id of own pattern '" + printable(id, 60) + "' " + std::string(why));
}

}  // namespace

std::string_view name(ClassId id)
{
    const auto at = static_cast<std::size_t>(id);
    return at < names.size() ? names[at] : own_name;
}

std::span<const ClassGroup> class_groups()
{
    return groups;
}

std::optional<ClassSet> parse_classes(std::string_view word)
{
    if (word == any_name) {
        return ClassSet::built_in();
    }
    const auto group = std::find_if(groups.begin(), groups.end(),
                                    [word](const ClassGroup& g) { return g.name == word; });
    if (group != groups.end()) {
        return group->classes;
    }
    const auto known = std::find(names.begin(), names.end(), word);
    if (known == names.end()) {
        return std::nullopt;
    }
    return ClassSet{static_cast<ClassId>(known - names.begin())};
}

std::vector<std::string_view> class_names()
{
    std::vector<std::string_view> all(names.begin(), names.end());
    for (const auto& group : groups) {
        all.push_back(group.name);
    }
    all.push_back(any_name);
    return all;
}

Result<ClassNames> ClassNames::with_own(std::vector<std::string> own)
{
    if (own.size() > most_own_classes) {
        return fail(Errc::bad_config,
                    "more than " + std::to_string(most_own_classes) +
                        " own patterns; gather words and expressions under one id");
    }
    for (auto id = own.begin(); id != own.end(); ++id) {
        if (!is_id(*id)) {
            return refuse_id(*id, "must be 1 to 40 of a-z, 0-9, '_' and '-'");
        }
        if (parse_classes(*id) || *id == own_name || *id == "none" || *id == "unscanned") {
            return refuse_id(*id, "is the name of something built in");
        }
        if (std::find(own.begin(), id, *id) != id) {
            return refuse_id(*id, "is used twice");
        }
    }
    ClassNames result;
    result.own_ = std::move(own);
    return result;
}

std::string_view ClassNames::of(ClassId id) const
{
    const auto at = static_cast<std::size_t>(id);
    if (at < built_in_classes) {
        return name(id);
    }
    return at - built_in_classes < own_.size() ? std::string_view(own_[at - built_in_classes])
                                               : own_name;
}

ClassSet ClassNames::all() const
{
    auto set = ClassSet::built_in();
    for (std::size_t i = 0; i < own_.size(); ++i) {
        set.add(own_class(i));
    }
    return set;
}

Result<ClassSet> ClassNames::parse(std::string_view word) const
{
    if (word == any_name) {
        return all();
    }
    if (word == own_name) {
        return all() - ClassSet::built_in();
    }
    if (const auto built_in = parse_classes(word)) {
        return *built_in;
    }
    const auto own = std::find(own_.begin(), own_.end(), word);
    if (own != own_.end()) {
        return ClassSet{own_class(static_cast<std::size_t>(own - own_.begin()))};
    }
    auto known = class_names();
    known.insert(known.end(), own_.begin(), own_.end());
    std::string message = "'" + printable(word, 60) + "' is no class of sensitive text";
    if (const auto near = nearest(word, known)) {
        message += "; did you mean '" + std::string(*near) + "'?";
    }
    return fail(Errc::bad_config, std::move(message));
}

std::string ClassNames::list(ClassSet classes) const
{
    std::string out;
    classes.each([&](ClassId id) {
        if (!out.empty()) {
            out += ',';
        }
        out += of(id);
    });
    return out.empty() ? "none" : out;
}

}  // namespace spillway::privacy
