#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::tokens {

class RankTables;

/// The vocabulary of o200k or cl100k: everything needed to count exactly as tiktoken's
/// `encode_ordinary` does (special tokens are ordinary text). Immutable, so threads may share it.
/// Loading takes about a tenth of a second and 10 (cl100k) to 20 MB (o200k): load it when a
/// configuration asks for it, not on the path of a request.
class Vocabulary {
public:
    /// Reads the text of a `.tiktoken` file. Fails with `bad_config` on anything else and for
    /// families other than o200k and cl100k.
    [[nodiscard]] static Result<std::shared_ptr<const Vocabulary>> parse(
        Family family, std::string_view rank_file);
    /// The same from a file; `io_error` when it cannot be read.
    [[nodiscard]] static Result<std::shared_ptr<const Vocabulary>> load(
        Family family, const std::filesystem::path& file);

    Vocabulary(Family family, std::unique_ptr<const RankTables> tables);
    ~Vocabulary();
    Vocabulary(const Vocabulary&) = delete;
    Vocabulary& operator=(const Vocabulary&) = delete;

    [[nodiscard]] Family family() const { return family_; }
    /// Number of tokens.
    [[nodiscard]] std::size_t size() const;
    /// Memory held, in bytes.
    [[nodiscard]] std::size_t footprint() const;
    [[nodiscard]] const RankTables& tables() const { return *tables_; }

private:
    Family family_;
    std::unique_ptr<const RankTables> tables_;
};

/// Counts texts with one vocabulary and remembers the pieces it met: 400 kB, taken at the first
/// count. Belongs to one thread.
class Counter {
public:
    explicit Counter(std::shared_ptr<const Vocabulary> vocabulary);
    ~Counter();
    Counter(Counter&&) noexcept;
    Counter& operator=(Counter&&) noexcept;

    /// The exact number of tokens of `text`, in time linear in its length whatever it holds. Usual
    /// text takes 10 to 20 ns a byte; the worst (megabytes of one sign) takes a microsecond.
    [[nodiscard]] Tokens count(std::string_view text);
    [[nodiscard]] const Vocabulary& vocabulary() const { return *vocabulary_; }

private:
    struct Memory;
    std::shared_ptr<const Vocabulary> vocabulary_;
    std::unique_ptr<Memory> memory_;
};

/// The directory in which set-up put vocabularies: `o200k_base.tiktoken`, `cl100k_base.tiktoken`.
/// Each is loaded when it is first asked for; a missing or broken one is asked for once.
class Library {
public:
    explicit Library(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    /// The vocabulary that counts `family` exactly; null when there is none. Thread-safe.
    [[nodiscard]] std::shared_ptr<const Vocabulary> find(Family family);
    /// Why the last `find` of `family` came back without one; empty when none was asked for.
    [[nodiscard]] std::string problem(Family family) const;

private:
    struct Volume {
        bool asked = false;
        std::shared_ptr<const Vocabulary> vocabulary;
        std::string problem;
    };
    std::filesystem::path directory_;
    mutable std::mutex mutex_;
    std::array<Volume, family_count> volumes_;
};

}  // namespace spillway::tokens
