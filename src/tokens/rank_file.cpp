#include "rank_file.hpp"

#include <charconv>

#include "base64.hpp"

namespace spillway::tokens {
namespace {

/// The longest of the vocabularies known have 128.
constexpr std::size_t longest_token = 1024;

tl::unexpected<Error> bad_line(std::size_t line, std::string_view what)
{
    return fail(Errc::bad_config,
                "line " + std::to_string(line + 1) + " of the vocabulary " + std::string(what));
}

}  // namespace

Result<std::unique_ptr<const RankTables>> read_rank_file(std::string_view text)
{
    if (text.size() > largest_rank_file)
        return fail(Errc::bad_config, "a vocabulary of more than 32 MiB");
    std::string bytes;
    bytes.reserve(text.size() / 2);
    std::vector<Rank> starts;
    while (!text.empty()) {
        const std::size_t line = starts.size();
        starts.push_back(static_cast<Rank>(bytes.size()));
        std::size_t used = append_decoded(bytes, text, bytes.size() + longest_token);
        text.remove_prefix(used);
        for (; !text.empty() && text.front() == '='; ++used)
            text.remove_prefix(1);
        if (bytes.size() == starts.back() || used % 4 != 0 || !text.starts_with(' '))
            return bad_line(line, "does not begin with a token in base64");
        std::size_t rank = 0;
        const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), rank);
        if (error != std::errc() || rank != line)
            return bad_line(line, "does not have its number as rank");
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.starts_with('\r'))
            text.remove_prefix(1);
        if (!text.empty() && !text.starts_with('\n'))
            return bad_line(line, "has more than a token and its rank");
        text.remove_prefix(text.empty() ? 0 : 1);
    }
    starts.push_back(static_cast<Rank>(bytes.size()));
    bytes.shrink_to_fit();
    return RankTables::build(std::move(bytes), std::move(starts));
}

}  // namespace spillway::tokens
