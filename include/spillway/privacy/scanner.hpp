#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "spillway/privacy/class_set.hpp"
#include "spillway/privacy/rules.hpp"

namespace spillway::privacy {

/// Grows whenever the same text may give other classes; written into receipts and records.
inline constexpr std::string_view scanner_version = "v1";

struct Compiled;

/// Finds sensitive classes in text. Immutable and safe to share between threads; a copy is a
/// handle.
///
/// Time is linear in the text whatever it holds, memory is constant. Invalid UTF-8 is text like any
/// other. What hides from a reader's eye does not hide from the scanner: full-width and other
/// digits, zero-width characters, no-break spaces, and escapes of JSON (`\u0034`, `\n`) and URLs
/// (`%40`), one level of them, are undone where they occur.
class Scanner {
public:
    /// Fails on a malformed own pattern, naming it and the position.
    [[nodiscard]] static Result<Scanner> build(const Rules& rules);

    /// The classes that occur in `text`, without those in `known`: a class is looked for only until
    /// it is found once.
    [[nodiscard]] ClassSet scan(std::string_view text, ClassSet known = {}) const;

    /// Everything that can be found: the scan ends early once all of it was.
    [[nodiscard]] ClassSet classes() const;
    [[nodiscard]] const ClassNames& names() const;

private:
    explicit Scanner(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

    std::shared_ptr<const Compiled> compiled_;
};

/// One message that arrives in pieces (content parts, lines of a tool's result).
///
/// Besides every piece, the seams are scanned: 256 bytes on either side, as if the pieces had been
/// written without a gap. So a number or key that is split in two or more is found when it is no
/// longer than that; own expressions that span more than 256 bytes over a seam are not.
class Scan {
public:
    /// @param scanner  Must outlive this object.
    explicit Scan(const Scanner& scanner) : scanner_(scanner) {}

    void add(std::string_view piece);
    /// What follows is another message: nothing is joined over this point.
    void end_message() { tail_size_ = 0; }

    [[nodiscard]] ClassSet found() const { return found_; }
    /// True when nothing more can be found.
    [[nodiscard]] bool complete() const { return (scanner_.classes() - found_).empty(); }

private:
    static constexpr std::size_t seam = 256;
    void remember(std::string_view piece);

    const Scanner& scanner_;
    ClassSet found_;
    std::array<char, seam> tail_{};
    std::size_t tail_size_ = 0;
};

}  // namespace spillway::privacy
