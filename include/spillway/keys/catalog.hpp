#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/keys/records.hpp"
#include "spillway/keys/shared_map.hpp"

namespace spillway::keys {

/// One record is there from now on, or no longer.
struct Change {
    Kind kind{};
    std::string id;
    /// The version that the record had when it was read; 0: there was none. Who changed it
    /// meanwhile makes the commit fail.
    Version read = 0;
    std::optional<Record> record;  ///< Empty: it is removed.

    /// The record carries the version it was read at.
    [[nodiscard]] static Change put(Record record);
    [[nodiscard]] static Change remove(Kind kind, std::string id, Version read);
};

/// All keys and what belongs to them at one version of the store. Immutable, so any thread; lookups
/// are a hash and a short search.
class Catalog {
public:
    using Names = std::set<std::string>;
    template <class T>
    using Found = std::shared_ptr<const T>;  ///< Null when there is none.

    /// By the token that the key has now.
    [[nodiscard]] Found<Key> key(std::string_view token) const { return keys_.find(token); }
    /// By what records and budgets call it, or by a token that is good for a while; see
    /// `account_of`. For reports, and to see whether a token is taken.
    [[nodiscard]] Found<Key> key_by_any_token(std::string_view token) const;
    /// Aliases are unique among keys; so the calls see to it.
    [[nodiscard]] Found<Key> key_by_alias(std::string_view alias) const;
    [[nodiscard]] Found<Team> team(std::string_view id) const { return teams_.find(id); }
    [[nodiscard]] Found<User> user(std::string_view id) const { return users_.find(id); }
    [[nodiscard]] Found<Customer> customer(std::string_view id) const
    {
        return customers_.find(id);
    }
    [[nodiscard]] Found<BudgetRow> budget(std::string_view id) const { return budgets_.find(id); }
    [[nodiscard]] Found<Tag> tag(std::string_view name) const { return tags_.find(name); }

    /// Sorted by token.
    [[nodiscard]] std::vector<Found<Key>> keys_of_team(std::string_view team_id) const;
    [[nodiscard]] std::vector<Found<Key>> keys_of_user(std::string_view user_id) const;

    [[nodiscard]] const SharedMap<Key>& keys() const { return keys_; }
    [[nodiscard]] const SharedMap<Team>& teams() const { return teams_; }
    [[nodiscard]] const SharedMap<User>& users() const { return users_; }
    [[nodiscard]] const SharedMap<Customer>& customers() const { return customers_; }
    [[nodiscard]] const SharedMap<BudgetRow>& budgets() const { return budgets_; }
    [[nodiscard]] const SharedMap<Tag>& tags() const { return tags_; }

    /// Of the newest commit that it knows.
    [[nodiscard]] Version version() const { return version_; }

    /// The catalog after these changes, whose records say when they were written; as of `version`.
    /// Shares what stays.
    [[nodiscard]] Catalog with(std::span<const Change> changes, Version version) const;

private:
    void put(const Key& key);
    void put(const Team& team);
    void put(const User& user);
    void put(const Customer& customer);
    void put(const BudgetRow& row);
    void put(const Tag& tag);
    void forget_key(std::string_view token);
    void remove(Kind kind, std::string_view id);

    Version version_ = 0;
    SharedMap<Key> keys_;
    SharedMap<Team> teams_;
    SharedMap<User> users_;
    SharedMap<Customer> customers_;
    SharedMap<BudgetRow> budgets_;
    SharedMap<Tag> tags_;
    // Tokens of keys, by what they are also looked for.
    SharedMap<std::string> by_alias_;
    SharedMap<std::string> by_other_token_;
    SharedMap<Names> by_team_;
    SharedMap<Names> by_user_;
};

}  // namespace spillway::keys
