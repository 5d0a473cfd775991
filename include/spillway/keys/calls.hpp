#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/grant.hpp"
#include "spillway/config/config.hpp"
#include "spillway/keys/catalog.hpp"
#include "spillway/keys/model_names.hpp"

/// LiteLLM's calls about keys, teams, users, customers, budgets and tags (litellm-surface 2.9), as
/// functions of a catalog and a question: they give the changes to commit and the answer. Time and
/// randomness are arguments, nothing waits.
namespace spillway::keys {

using Json = nlohmann::ordered_json;

/// Who asks.
struct Asker {
    chat::AdminRights rights = chat::AdminRights::none;
    std::string account;  ///< What records call its key; empty for the master key.
    std::string user_id;
};

/// What is asked.
struct Question {
    Json body = Json::object();  ///< Always an object.
    std::vector<std::pair<std::string, std::string>> query{};
    std::string segment{};  ///< "{key}" of a path.
    Asker asker{};

    /// The first value of that name in the query; empty when absent.
    [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept;
};

/// What the configuration says to it.
struct CallRules {
    ModelNames models;
    config::KeyRules given;         ///< Defaults and bounds.
    std::string end_user_budget{};  ///< `max_end_user_budget_id`.
};

/// Random bytes from the operating system, others at each call.
using Draw = std::function<std::array<std::uint8_t, 16>()>;

/// What a question is answered from.
struct Surroundings {
    const Catalog& catalog;
    const CallRules& rules;
    WallTime now{};
    const Draw& draw;
};

/// A place of an answer for what only budgets and the ledger know.
struct SpendPlace {
    std::string object;  ///< JSON pointer to the object; empty: the answer itself.
    chat::Scope scope;
    std::string period;  ///< Whose window is meant: `budget_duration`.
    std::optional<chat::Opening> opening{};
    std::string member = "spend";           ///< What gets the amount, in USD.
    std::string reset = "budget_reset_at";  ///< What gets the end of the window.
    /// The amount as it was before the changes, or as it is with them.
    enum class Moment : std::uint8_t { before, after } moment = Moment::after;
};

/// What is to be done, and what is said when it is done.
struct Decision {
    std::vector<Change> changes;
    Json answer;
    std::vector<SpendPlace> spends;
};

enum class CallName : std::uint8_t {
    key_generate,
    key_info,
    key_update,
    key_delete,
    key_block,
    key_unblock,
    key_regenerate,
    key_list,
    key_aliases,
    key_reset_spend,
    key_health,
    team_new,
    team_update,
    team_info,
    team_list,
    team_delete,
    team_block,
    team_unblock,
    team_member_add,
    team_member_delete,
    team_member_update,
    user_new,
    user_info,
    user_update,
    user_delete,
    user_list,
    customer_new,
    customer_info,
    customer_update,
    customer_delete,
    customer_list,
    customer_block,
    customer_unblock,
    budget_new,
    budget_info,
    budget_update,
    budget_list,
    budget_delete,
    budget_settings,
    tag_new,
    tag_info,
    tag_update,
    tag_delete,
    tag_list,
};

/// Answers a call.
/// @return `forbidden` when the asker may not ask this; `invalid_request` for what cannot be;
///         `unknown_record` for whom it is about.
[[nodiscard]] Result<Decision> answer_call(CallName name, const Question& question,
                                           const Surroundings& world);

/// Does the call only look? Its decision has no changes then.
[[nodiscard]] bool only_looks(CallName name) noexcept;

}  // namespace spillway::keys
