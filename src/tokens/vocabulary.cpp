#include "spillway/tokens/vocabulary.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "merge_count.hpp"
#include "piece.hpp"
#include "rank_file.hpp"
#include "splitter.hpp"

namespace spillway::tokens {

Result<std::shared_ptr<const Vocabulary>> Vocabulary::parse(Family family,
                                                            std::string_view rank_file)
{
    if (family != Family::o200k && family != Family::cl100k)
        return fail(Errc::bad_config, "only o200k and cl100k are counted exactly");
    auto tables = read_rank_file(rank_file);
    if (!tables)
        return fail(std::move(tables.error()));
    return std::make_shared<const Vocabulary>(family, std::move(*tables));
}

Result<std::shared_ptr<const Vocabulary>> Vocabulary::load(Family family,
                                                           const std::filesystem::path& file)
{
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    std::ifstream stream(file, std::ios::binary);
    if (error || !stream)
        return fail(Errc::io_error, file.string() + ": cannot be read");
    // One byte more than a vocabulary may have is enough to refuse it.
    std::string text(std::min<std::uintmax_t>(size, largest_rank_file + 1), '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (static_cast<std::size_t>(stream.gcount()) != text.size())
        return fail(Errc::io_error, file.string() + ": cannot be read");
    auto parsed = parse(family, text);
    if (!parsed)
        return fail(std::move(parsed.error()).within(file.string()));
    return parsed;
}

Vocabulary::Vocabulary(Family family, std::unique_ptr<const RankTables> tables)
    : family_(family), tables_(std::move(tables))
{}

Vocabulary::~Vocabulary() = default;

std::size_t Vocabulary::size() const
{
    return tables_->size();
}

std::size_t Vocabulary::footprint() const
{
    return tables_->footprint();
}

/// A direct-mapped cache of short pieces, and what merging needs.
struct Counter::Memory {
    struct Entry {
        PieceKey key;
        std::uint32_t length = 0;
        std::uint32_t tokens = 0;
    };
    static constexpr std::size_t entries = 8192;

    explicit Memory(const RankTables& ranks) : tables(ranks), cache(entries), merge_count(ranks) {}

    const RankTables& tables;
    std::vector<Entry> cache;
    MergeCount merge_count;

    std::size_t tokens_of(std::string_view piece)
    {
        if (piece.size() > longest_key)
            return uncached(piece, hash_of(piece));
        const PieceKey key = key_of(piece);
        const std::uint64_t hash = hash_of(key, piece.size());
        Entry& entry = cache[hash >> 40 & (entries - 1)];
        if (entry.length != piece.size() || entry.key != key)
            entry = {key, static_cast<std::uint32_t>(piece.size()),
                     static_cast<std::uint32_t>(uncached(piece, hash))};
        return entry.tokens;
    }

    std::size_t uncached(std::string_view piece, std::uint64_t hash)
    {
        return tables.whole(piece, hash) != no_token ? 1 : merge_count(piece);
    }
};

Counter::Counter(std::shared_ptr<const Vocabulary> vocabulary) : vocabulary_(std::move(vocabulary))
{}

Counter::~Counter() = default;
Counter::Counter(Counter&&) noexcept = default;
Counter& Counter::operator=(Counter&&) noexcept = default;

Tokens Counter::count(std::string_view text)
{
    if (!memory_)
        memory_ = std::make_unique<Memory>(vocabulary_->tables());
    const auto split = [&](auto end_of_piece) {
        std::size_t tokens = 0;
        const char* at = text.data();
        const char* const end = at + text.size();
        while (at != end) {
            const char* const piece_end = end_of_piece(at, end);
            tokens += memory_->tokens_of({at, static_cast<std::size_t>(piece_end - at)});
            at = piece_end;
        }
        return tokens;
    };
    const std::size_t tokens =
        vocabulary_->family() == Family::o200k
            ? split([](const char* at, const char* end) { return end_of_o200k_piece(at, end); })
            : split([](const char* at, const char* end) { return end_of_cl100k_piece(at, end); });
    return Tokens{static_cast<std::int64_t>(tokens)};
}

}  // namespace spillway::tokens
