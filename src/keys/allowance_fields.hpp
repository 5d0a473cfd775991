#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "request_fields.hpp"
#include "spillway/keys/calls.hpp"

/// The members that requests about different records have in common. Private to `keys`.
namespace spillway::keys {

/// `max_budget`, `budget_limits`, `tpm_limit` and their like.
void read_allowance(RequestFields& fields, Allowance& into);

/// `metadata`, with the `tags` and limits of models that LiteLLM keeps in it.
void read_metadata(RequestFields& fields, std::string& metadata, std::vector<std::string>& tags,
                   Allowance& allowance);

/// `models`; each must be served by the configuration.
void read_models(RequestFields& fields, std::string_view name, const ModelNames& served,
                 std::vector<std::string>& into);

/// `budget_id`; the row must be there.
void read_budget_id(RequestFields& fields, const Catalog& catalog, std::string& into);

/// `boundary`: "local" or "any".
void read_boundary(RequestFields& fields, bool& stay_local);

/// An RFC 3339 moment.
void read_time(RequestFields& fields, std::string_view name, std::optional<WallTime>& into);

/// Keeps the members that LiteLLM knows and that mean nothing here in `other`. A member that is
/// known to neither is refused when it looks like a slip of one that is.
/// @param ours  Members that this request takes, for the suggestion.
/// @return Those that have no effect, for the answer.
[[nodiscard]] std::vector<std::string> keep_others(RequestFields& fields,
                                                   std::span<const std::string_view> kept,
                                                   std::string& other);

/// Says in the answer which members of the request have no effect; nothing when all have.
void report_ignored(Json& answer, const std::vector<std::string>& ignored);

/// The body with the defaults that it leaves out.
[[nodiscard]] Json with_defaults(const Json& body, const std::vector<config::Parameter>& defaults);

/// When something that lasts so long from `now` on ends; empty for ever ("-1", "permanent", "").
[[nodiscard]] Result<std::optional<WallTime>> end_of(std::string_view duration, WallTime now);

/// 32 hexadecimal digits in the shape of a UUID of version 4.
[[nodiscard]] std::string uuid_of(std::array<std::uint8_t, 16> bytes);

/// Traces of a record that is made or changed by this asker now.
[[nodiscard]] std::string name_of(const Asker& asker);
void leave_traces(Traces& traces, const Asker& asker, WallTime now);

/// The members of a list of texts that must be there: "user_ids" and the like.
[[nodiscard]] Result<std::vector<std::string>> names_in(const Json& body, std::string_view member);
/// A text that must be there.
[[nodiscard]] Result<std::string> name_in(const Json& body, std::string_view member);

/// "There is no team `x`."
[[nodiscard]] Error no_such(std::string_view kind, std::string_view name, std::string_view member);

/// One page of a list.
struct PageOf {
    std::size_t number = 1;
    std::size_t size = 10;
    [[nodiscard]] std::size_t first() const { return (number - 1) * size; }
    [[nodiscard]] std::size_t pages(std::size_t total) const { return (total + size - 1) / size; }
};
/// `page` and the size of pages of a question: whole numbers, a size of at most 100.
[[nodiscard]] Result<PageOf> page_of(const Question& question, std::string_view size_member,
                                     std::size_t size);

}  // namespace spillway::keys
