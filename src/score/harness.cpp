#include "spillway/score/harness.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>

namespace spillway::score {

namespace {

/// Claude Code, Codex, Cline and Roo, Cursor, Copilot, and the tool listings of prompt templates.
constexpr std::array<std::string_view, 22> tags{
    "system-reminder",      "command-message",
    "command-name",         "command-args",
    "local-command-stdout", "local-command-caveat",
    "environment_context",  "user_instructions",
    "environment_details",  "environment_info",
    "workspace_info",       "reminder",
    "reminderInstructions", "additional_data",
    "attached_files",       "open_and_recently_viewed_files",
    "project_layout",       "user_info",
    "git_status",           "tools",
    "available_tools",      "functions",
};

constexpr bool continues_character(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Writes pieces of a text one after the other and keeps the first and the last bytes of all.
class WindowWriter {
public:
    explicit WindowWriter(std::span<char> out) : out_(out) {}

    void add(std::string_view piece) noexcept
    {
        kept_ += piece.size();
        const auto room = std::min(window_head - head_, tail_.empty() ? piece.size() : 0);
        std::copy_n(piece.data(), room, out_.data() + head_);
        head_ += room;
        remember(piece.substr(room));
    }

    [[nodiscard]] Window finish() noexcept
    {
        if (tail_.empty())
            return {head_, kept_};
        const bool gap = kept_ > window_head + window_tail;
        auto end = gap ? close_head() : head_;
        const auto tail_from = end;
        for (auto piece : tail_.last_bytes(window_tail)) {
            while (gap && end == tail_from && !piece.empty() && continues_character(piece.front()))
                piece.remove_prefix(1);
            std::copy(piece.begin(), piece.end(), out_.data() + end);
            end += piece.size();
        }
        return {end, kept_};
    }

private:
    /// Ends the head at a character and with a newline. A whole last character may go as well.
    [[nodiscard]] std::size_t close_head() noexcept
    {
        while (head_ > 0 && continues_character(out_[head_ - 1]))
            --head_;
        if (head_ > 0 && static_cast<unsigned char>(out_[head_ - 1]) >= 0xC0U)
            --head_;
        out_[head_] = '\n';
        return head_ + 1;
    }

    /// The last pieces after the head: as few as hold the tail's bytes. A turn of more and smaller
    /// pieces than fit loses the oldest of them, which only shortens the tail.
    struct Tail {
        std::array<std::string_view, 32> pieces;
        std::size_t count = 0;

        [[nodiscard]] bool empty() const noexcept { return count == 0; }
        [[nodiscard]] std::span<const std::string_view> last_bytes(std::size_t most) noexcept
        {
            auto first = count;
            while (first > 0 && most > 0) {
                auto& piece = pieces[--first];
                if (piece.size() > most)
                    piece.remove_prefix(piece.size() - most);
                most -= piece.size();
            }
            return {pieces.data() + first, count - first};
        }
    };

    void remember(std::string_view piece) noexcept
    {
        if (piece.empty())
            return;
        if (tail_.count == tail_.pieces.size()) {
            std::move(tail_.pieces.begin() + 1, tail_.pieces.end(), tail_.pieces.begin());
            --tail_.count;
        }
        tail_.pieces[tail_.count++] = piece;
    }

    std::span<char> out_;
    std::size_t head_ = 0;
    std::size_t kept_ = 0;
    Tail tail_;
};

/// Finds harness blocks. Remembers which tags have no end any more, so that a text full of opening
/// tags is still read once per tag at most.
class BlockFinder {
public:
    explicit BlockFinder(std::string_view turn) : turn_(turn) {}

    /// The end of the block that opens at `begin` (a '<'), or `begin` when none does.
    [[nodiscard]] std::size_t end_of_block(std::size_t begin) noexcept
    {
        const auto rest = turn_.substr(begin + 1);
        for (std::size_t i = 0; i < tags.size(); ++i) {
            const auto tag = tags[i];
            if (!rest.starts_with(tag) || rest.size() == tag.size() || unclosed_[i])
                continue;
            const char after = rest[tag.size()];
            if (after != '>' && after != ' ')
                continue;
            if (const auto end = closing(tag, begin + 1 + tag.size());
                end != std::string_view::npos)
                return end;
            unclosed_[i] = true;
        }
        return begin;
    }

private:
    [[nodiscard]] std::size_t closing(std::string_view tag, std::size_t from) const noexcept
    {
        for (auto at = turn_.find("</", from); at != std::string_view::npos;
             at = turn_.find("</", at + 2)) {
            const auto rest = turn_.substr(at + 2);
            if (rest.starts_with(tag) && rest.size() > tag.size() && rest[tag.size()] == '>')
                return at + 2 + tag.size() + 1;
        }
        return std::string_view::npos;
    }

    std::string_view turn_;
    std::bitset<tags.size()> unclosed_;
};

}  // namespace

std::span<const std::string_view> harness_tags() noexcept
{
    return tags;
}

Window cut_harness(std::string_view turn, std::span<char> out) noexcept
{
    WindowWriter writer(out);
    BlockFinder finder(turn);
    std::size_t kept_from = 0;
    for (auto at = turn.find('<'); at != std::string_view::npos; at = turn.find('<', at)) {
        const auto end = finder.end_of_block(at);
        if (end == at) {
            ++at;
            continue;
        }
        writer.add(turn.substr(kept_from, at - kept_from));
        kept_from = at = end;
    }
    writer.add(turn.substr(kept_from));
    return writer.finish();
}

}  // namespace spillway::score
