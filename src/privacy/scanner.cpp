#include "spillway/privacy/scanner.hpp"

#include <algorithm>
#include <cstring>

#include "compiled.hpp"
#include "pass.hpp"

namespace spillway::privacy {

namespace {

constexpr std::size_t longest_cut = 64;

/// `text` without the word or number that a cut at its front or end may have halved.
std::string_view without_front(std::string_view text)
{
    const auto most = std::min(text.size(), longest_cut);
    std::size_t at = 0;
    while (at < most && is_alnum(text[at])) {
        ++at;
    }
    return at == longest_cut ? text : text.substr(at);
}

std::string_view without_end(std::string_view text)
{
    const auto most = std::min(text.size(), longest_cut);
    std::size_t cut = 0;
    while (cut < most && is_alnum(text[text.size() - 1 - cut])) {
        ++cut;
    }
    return cut == longest_cut ? text : text.substr(0, text.size() - cut);
}

/// Could what begins the next piece pass for the rest of a word or number that ends in `last`?
bool may_go_on(char last)
{
    constexpr std::string_view joins = "_+-./:";
    return is_alnum(last) || static_cast<unsigned char>(last) >= 0x80 ||
           joins.find(last) != std::string_view::npos;
}

}  // namespace

Result<Scanner> Scanner::build(const Rules& rules)
{
    auto compiled = compile(rules);
    if (!compiled) {
        return tl::make_unexpected(std::move(compiled).error());
    }
    return Scanner(*std::move(compiled));
}

ClassSet Scanner::scan(std::string_view text, ClassSet known) const
{
    if ((compiled_->wanted - known).empty() || text.empty()) {
        return {};
    }
    auto found = Pass(*compiled_, text, known).run();
    const auto left = compiled_->wanted - known - found;
    if (!(left - ClassSet::built_in()).empty()) {
        found.add(compiled_->expressions.find(text, left));
    }
    return found;
}

ClassSet Scanner::classes() const
{
    return compiled_->wanted;
}

const ClassNames& Scanner::names() const
{
    return compiled_->names;
}

void Scan::add(std::string_view piece)
{
    if (complete()) {
        return;
    }
    if (tail_size_ != 0) {
        std::array<char, 2 * seam> joint;
        const auto head = piece.size() > seam ? without_end(piece.substr(0, seam)) : piece;
        std::memcpy(joint.data(), tail_.data(), tail_size_);
        std::memcpy(joint.data() + tail_size_, head.data(), head.size());
        found_.add(scanner_.scan(std::string_view(joint.data(), tail_size_ + head.size()), found_));
    }
    // What fits into the seam was read with it, but not by itself: its first word or number may
    // have been taken for the rest of the one before.
    if (tail_size_ == 0 || piece.size() > seam || may_go_on(tail_[tail_size_ - 1])) {
        found_.add(scanner_.scan(piece, found_));
    }
    remember(piece);
}

void Scan::remember(std::string_view piece)
{
    std::array<char, 2 * seam> joint;
    const auto last = piece.size() > seam ? piece.substr(piece.size() - seam) : piece;
    const auto before = piece.size() > seam ? 0 : tail_size_;
    std::memcpy(joint.data(), tail_.data(), before);
    std::memcpy(joint.data() + before, last.data(), last.size());
    std::string_view kept(joint.data(), before + last.size());
    const bool cut = piece.size() > seam || kept.size() > seam;
    kept = kept.substr(kept.size() > seam ? kept.size() - seam : 0);
    kept = cut ? without_front(kept) : kept;
    std::memcpy(tail_.data(), kept.data(), kept.size());
    tail_size_ = kept.size();
}

}  // namespace spillway::privacy
