#pragma once

#include <string_view>

/// How long Ollama holds a model after a request: a thing that all who use the model share.
namespace spillway::dialect {

/// The `keep_alive` that goes out for a client that may not load and unload models at its will: at
/// least a minute, at most an hour or what the file says, if that is longer. A wish to give the
/// model up, or to hold it for ever, is passed over.
/// @param asked  The client's, as JSON: seconds, or a text such as "5m". Not empty.
/// @param files  The file's; empty when it says nothing.
/// @return JSON text; empty when nothing is to be said.
[[nodiscard]] std::string_view bounded_keep_alive(std::string_view asked, std::string_view files);

}  // namespace spillway::dialect
