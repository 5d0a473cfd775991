#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/request_facts.hpp"

/// Metadata that come as a text: from clients that write their JSON into a string, and in forms,
/// which know nothing else.
namespace spillway::dialect {

/// The JSON object that `text` holds, be it within JSON strings. Empty when it holds none; then the
/// text is its author's own and says nothing here.
[[nodiscard]] std::optional<std::string> object_within(std::string_view text);

/// Takes what a text in the place of metadata says into `facts`.
/// @param name  "metadata" or "litellm_metadata", for errors.
/// @return Why the request is refused: a wish in it that is neither yes nor no, or a text that
///         names `no_fallback` and is no JSON, so that nobody can tell what was meant.
[[nodiscard]] std::optional<Error> hear_metadata(std::string_view text, std::string_view name,
                                                 chat::RequestFacts& facts);

/// Takes tags that came as one text, divided by commas as in the header. A text longer than a
/// header can be is one tag: a body of commas would become millions of them.
void hear_tags(std::string_view text, chat::RequestFacts& facts);

/// The same of one member, as forms write it: "metadata[no_fallback]" has the member
/// "[no_fallback]".
[[nodiscard]] std::optional<Error> hear_metadata_member(std::string_view text,
                                                        std::string_view name,
                                                        std::string_view member,
                                                        chat::RequestFacts& facts);

/// The object of metadata as others get it: `explain` is for us alone, and `no_fallback` goes on as
/// the text "true" where it says yes, for gateways behind us: OpenAI takes nothing but texts there.
/// @return Empty when it names neither, or is no object.
[[nodiscard]] std::optional<std::string> metadata_for_others(std::string_view object);

}  // namespace spillway::dialect
