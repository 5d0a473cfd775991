#include "spillway/keys/key_book.hpp"

#include <set>
#include <string>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"

namespace spillway::keys {
namespace {

std::vector<Write> writes_of(const std::vector<Change>& changes)
{
    std::vector<Write> writes;
    writes.reserve(changes.size());
    for (const auto& change : changes) {
        Write write{change.kind, change.id, change.read, std::nullopt};
        if (change.record)
            write.body = encode(*change.record);
        writes.push_back(std::move(write));
    }
    return writes;
}

Result<std::vector<Change>> changes_of(std::vector<Row> rows)
{
    std::vector<Change> changes;
    changes.reserve(rows.size());
    for (auto& row : rows) {
        if (!row.body) {
            changes.push_back(Change::remove(row.kind, std::move(row.id), row.version));
            continue;
        }
        auto record = decode(row.kind, std::move(row.id), row.version, *row.body);
        if (!record)
            return fail(std::move(record).error());
        changes.push_back(Change::put(*std::move(record)));
    }
    return changes;
}

/// What `catalog` has and a complete answer of the store does not.
void add_removed(const Catalog& catalog, std::vector<Change>& changes)
{
    std::set<std::pair<Kind, std::string>> there;
    for (const auto& change : changes)
        there.emplace(change.kind, change.id);
    const auto add = [&](Kind kind, const auto& records) {
        records.each([&](const std::string& id, const auto& record) {
            if (!there.contains({kind, id}))
                changes.push_back(Change::remove(kind, id, record->version));
        });
    };
    add(Kind::key, catalog.keys());
    add(Kind::team, catalog.teams());
    add(Kind::user, catalog.users());
    add(Kind::customer, catalog.customers());
    add(Kind::budget, catalog.budgets());
    add(Kind::tag, catalog.tags());
}

}  // namespace

KeyBook::KeyBook(std::unique_ptr<Store> store, Hold hold)
    : store_(std::move(store)), hold_(std::move(hold)), edition_(std::make_shared<const Edition>())
{}

Result<void> KeyBook::load(Defaults defaults)
{
    const std::lock_guard lock(writing_);
    defaults_ = std::move(defaults);
    auto contents = store_->load();
    if (!contents)
        return fail(std::move(contents).error());
    return take_over(*std::move(contents));
}

Result<void> KeyBook::recall(Store::Contents contents, Defaults defaults)
{
    const std::lock_guard lock(writing_);
    defaults_ = std::move(defaults);
    return take_over(std::move(contents));
}

Result<std::shared_ptr<const KeyBook::Edition>> KeyBook::apply(std::vector<Change> changes)
{
    const std::lock_guard lock(writing_);
    const auto version = store_->commit(writes_of(changes));
    if (!version) {
        // What is there instead, and whether it was written after all, is told by the store.
        if (auto caught_up = store_->changed_since(now()->catalog.version()))
            (void)take_over(*std::move(caught_up));
        return fail(version.error());
    }
    if (*version == now()->catalog.version() + 1) {
        for (auto& change : changes)
            if (change.record)
                std::visit([&version](auto& record) { record.version = *version; }, *change.record);
        bring(now()->catalog.with(changes, *version), changes);
        return now();
    }
    // Others wrote in between: theirs come with ours.
    auto contents = store_->changed_since(now()->catalog.version());
    if (!contents)
        return fail(std::move(contents).error());
    if (auto taken = take_over(*std::move(contents)); !taken)
        return fail(std::move(taken).error());
    return now();
}

Result<void> KeyBook::catch_up()
{
    const std::lock_guard lock(writing_);
    auto contents = store_->changed_since(now()->catalog.version());
    if (!contents)
        return fail(std::move(contents).error());
    return take_over(*std::move(contents));
}

void KeyBook::follow(Defaults defaults)
{
    const std::lock_guard lock(writing_);
    if (defaults == defaults_)
        return;
    const auto before = std::exchange(defaults_, std::move(defaults));
    const auto& catalog = now()->catalog;
    std::vector<Change> changes;
    for (const auto& id : {before.end_user_budget, defaults_.end_user_budget})
        if (const auto row = catalog.budget(id))
            changes.push_back(Change::put(*row));
    // All users, also those whose only cap was the default.
    catalog.keys().each([&changes](const std::string&, const auto& key) {
        if (!key->user_id.empty())
            changes.push_back(Change::put(*key));
    });
    bring(catalog, changes);
}

std::shared_ptr<const KeyBook::Edition> KeyBook::now() const
{
    const std::lock_guard lock(mutex_);
    return edition_;
}

Result<void> KeyBook::take_over(Store::Contents contents)
{
    const auto before = now();
    if (contents.rows.empty() && contents.extent == Store::Contents::Extent::changes)
        return {};
    auto changes = changes_of(std::move(contents.rows));
    if (!changes)
        return fail(std::move(changes).error());
    if (contents.extent == Store::Contents::Extent::all)
        add_removed(before->catalog, *changes);
    bring(before->catalog.with(*changes, contents.version), *changes);
    return {};
}

/// Once, until it is there: a cap that somebody believes in holds nobody.
void KeyBook::say_missing_budget(const Catalog& catalog)
{
    const auto& id = defaults_.end_user_budget;
    const bool missing = !id.empty() && !catalog.budget(id);
    if (missing && missing_budget_ != id)
        SPILLWAY_WARN(
            "max_end_user_budget_id: there is no budget '{}'; until /budget/new makes "
            "it, it holds no end user",
            printable(id, 80));
    missing_budget_ = missing ? id : std::string();
}

/// Caps first, then the grants that name them.
void KeyBook::bring(Catalog after, std::span<const Change> changes)
{
    const auto before = now();
    const auto budgets = touched_budgets(before->catalog, after, changes, defaults_);
    if (auto held = hold_(budgets); !held)
        SPILLWAY_ERROR("keys: budgets: {}; what is new lets nothing through",
                       held.error().message());
    say_missing_budget(after);
    auto edition = std::make_shared<Edition>();
    edition->grants = before->grants.with(before->catalog, after, changes, defaults_);
    edition->catalog = std::move(after);
    const std::lock_guard lock(mutex_);
    edition_ = std::move(edition);
    number_.fetch_add(1, std::memory_order_release);
}

const std::shared_ptr<const KeyBook::Edition>& KeyReader::now()
{
    if (book_ == nullptr) {
        if (!edition_)
            edition_ = std::make_shared<const KeyBook::Edition>();
        return edition_;
    }
    const auto number = book_->number();
    if (!edition_ || number != number_) {
        edition_ = book_->now();
        number_ = number;
    }
    return edition_;
}

}  // namespace spillway::keys
