#include "spillway/privacy/boundary.hpp"

#include "spillway/privacy/scanner.hpp"

namespace spillway::privacy {

std::string_view name(Boundary boundary)
{
    return boundary == Boundary::local ? "local" : "any";
}

std::optional<Boundary> parse_boundary(std::string_view word)
{
    if (word == name(Boundary::any)) {
        return Boundary::any;
    }
    if (word == name(Boundary::local)) {
        return Boundary::local;
    }
    return std::nullopt;
}

std::string receipt(Boundary boundary, ClassSet classes, const ClassNames& names)
{
    std::string out(name(boundary));
    out += "; classes=";
    out += names.list(classes);
    out += "; scanner=";
    out += scanner_version;
    return out;
}

std::string receipt_unscanned(Boundary boundary)
{
    return std::string(name(boundary)) + "; classes=unscanned";
}

}  // namespace spillway::privacy
