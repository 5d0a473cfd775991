#include "spillway/admin/key_desk.hpp"

#include <cstring>
#include <utility>

#include "json.hpp"
#include "key_spends.hpp"
#include "spillway/base/ids.hpp"
#include "spillway/base/log.hpp"
#include "spillway/ledger/query.hpp"

namespace spillway::admin {

namespace {

using keys::SpendPlace;

constexpr int most_tries = 5;

std::array<std::uint8_t, 16> random_bytes()
{
    const std::array<std::uint64_t, 2> drawn{random_seed(), random_seed()};
    std::array<std::uint8_t, 16> bytes{};
    static_assert(sizeof drawn == sizeof bytes);
    std::memcpy(bytes.data(), drawn.data(), sizeof bytes);
    return bytes;
}

}  // namespace

/// What the worker's thread works with.
struct KeyDesk::Office {
    explicit Office(Parts given) : parts(std::move(given)), spends(parts.ledger_path, parts.budgets)
    {}

    Result<std::string> answer(keys::CallName name, const keys::Question& question,
                               const keys::CallRules& rules)
    {
        for (int tries = 1;; ++tries) {
            const auto edition = parts.book.now();
            const auto now = parts.clock.wall();
            auto decision = keys::answer_call(name, question, {edition->catalog, rules, now, draw});
            if (!decision)
                return fail(std::move(decision).error());
            if (auto seen = fill(*decision, SpendPlace::Moment::before, now, name); !seen)
                return fail(std::move(seen).error());
            if (!decision->changes.empty()) {
                const auto applied = parts.book.apply(std::move(decision->changes));
                // Somebody else was faster: decided again, from what there is now.
                if (!applied && applied.error().code() == Errc::changed_meanwhile &&
                    tries < most_tries)
                    continue;
                if (!applied)
                    return fail(applied.error());
            }
            if (auto seen = fill(*decision, SpendPlace::Moment::after, now, name); !seen)
                return fail(std::move(seen).error());
            return text_of(decision->answer);
        }
    }

    /// What was changed is changed, also when nobody can say what was spent.
    Result<void> fill(keys::Decision& decision, SpendPlace::Moment moment, WallTime now,
                      keys::CallName name)
    {
        auto filled = spends.fill(decision.spends, moment, now, decision.answer);
        if (filled || keys::only_looks(name))
            return filled;
        SPILLWAY_WARN("keys: what was spent is not known: {}", filled.error().message());
        return {};
    }

    Parts parts;
    KeySpends spends;
    const keys::Draw draw = random_bytes;
};

KeyDesk::KeyDesk(Parts parts)
    : office_(std::make_unique<Office>(std::move(parts))),
      worker_(most_waiting, "too many calls about keys are waiting")
{}

KeyDesk::~KeyDesk() = default;

std::shared_ptr<const keys::KeyBook::Edition> KeyDesk::known() const
{
    return office_->parts.book.now();
}

std::string KeyDesk::account_of(const std::string& key) const
{
    auto hash = ledger::key_hash_of(key);
    const auto found = office_->parts.book.now()->catalog.key_by_any_token(hash);
    return found ? keys::account_of(*found) : hash;
}

std::vector<guard::BudgetStanding> KeyDesk::standings() const
{
    return office_->parts.budgets.look(office_->parts.clock.wall());
}

net::Task<Result<std::string>> KeyDesk::ask(net::Shard& shard, keys::CallName name,
                                            keys::Question question,
                                            std::shared_ptr<const keys::CallRules> rules)
{
    Worker::Job job = [office = office_.get(), name, question = std::move(question),
                       rules = std::move(rules)] { return office->answer(name, question, *rules); };
    co_return co_await worker_.ask(shard, std::move(job));
}

}  // namespace spillway::admin
