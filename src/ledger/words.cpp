#include "words.hpp"

#include <algorithm>

#include "storable.hpp"

namespace spillway::ledger {
namespace {

constexpr std::size_t most_words = 4'096;
constexpr std::size_t longest_word = 256;

}  // namespace

Result<Words> Words::load(sqlite::Connection& connection)
{
    auto insert = connection.prepare("INSERT INTO words (id, text) VALUES (?1, ?2)");
    auto all = connection.prepare("SELECT id, text FROM words");
    if (!insert || !all) {
        return fail(connection.error("reading the words"));
    }
    Words words{std::move(*insert)};
    int code = all->step();
    for (; code == SQLITE_ROW; code = all->step()) {
        words.ids_.emplace(all->text(1), all->integer(0));
        words.next_ = std::max(words.next_, all->integer(0) + 1);
    }
    if (code != SQLITE_DONE) {
        return fail(connection.error("reading the words"));
    }
    return words;
}

std::optional<std::int64_t> Words::id_of(const std::string& text)
{
    if (text.empty()) {
        return 0;
    }
    if (const auto known = ids_.find(text); known != ids_.end()) {
        return known->second;
    }
    if (ids_.size() >= most_words || text.size() > longest_word || !plain(text)) {
        return std::nullopt;
    }
    const sqlite::Running running{insert_};
    insert_.bind(1, next_);
    insert_.bind(2, text);
    if (insert_.step() != SQLITE_DONE) {
        sound_ = false;
        return std::nullopt;
    }
    fresh_.push_back(text);
    ids_.emplace(text, next_);
    return next_++;
}

void Words::rolled_back()
{
    for (const auto& text : fresh_) {
        ids_.erase(text);
    }
    fresh_.clear();
    sound_ = true;
}

}  // namespace spillway::ledger
