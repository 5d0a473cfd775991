#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "spillway/base/clock.hpp"
#include "spillway/base/result.hpp"
#include "spillway/chat/kept_answer.hpp"

namespace spillway::ledger {

/// Answers that are kept for their idempotency keys, in a SQLite file of their own that only its
/// owner reads: they hold the text of answers. One thread reads and writes it, so no shard ever
/// waits for the disk. The file is made with the first answer. What fails is said once in the log;
/// an answer that could not be written stays in memory, and one that cannot be read is asked anew.
class AnswerStore {
public:
    static constexpr std::size_t most_waiting = 4'096;

    /// An answer that was found when the file was opened.
    struct Found {
        std::string key;
        std::string request;
        WallTime since{};
        std::size_t bytes = 0;
    };

    /// @param path     Nothing is made there. What is older than `max_age` is deleted.
    /// @return Why the file that is there cannot be used. A damaged one is moved aside.
    [[nodiscard]] static Result<std::unique_ptr<AnswerStore>> open(std::string path, Millis max_age,
                                                                   const Clock& clock);
    /// Writes what waits, then ends the thread.
    ~AnswerStore();
    AnswerStore(const AnswerStore&) = delete;
    AnswerStore& operator=(const AnswerStore&) = delete;

    /// Oldest first.
    [[nodiscard]] const std::vector<Found>& found() const;

    // Any thread; they return at once. The callbacks run on the store's thread.

    /// @param written  Called when the file has it.
    void keep(std::string key, std::string request, chat::KeptAnswerPtr answer, WallTime since,
              std::function<void()> written);
    void drop(std::vector<std::string> keys);
    /// @param done  Called exactly once, with null when the file does not have it.
    void fetch(std::string key, std::function<void(chat::KeptAnswerPtr)> done);

private:
    struct Parts;
    explicit AnswerStore(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// Where the answers lie beside the ledger: "spillway.db" gives "spillway.answers.db".
[[nodiscard]] std::string answers_path(const std::string& ledger_path);

}  // namespace spillway::ledger
