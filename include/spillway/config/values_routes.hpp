#pragma once

#include "spillway/config/routes.hpp"
#include "spillway/config/values.hpp"

/// How the types of settings that only routes have are read, named and printed.
namespace spillway::config {

/// What is wrong with a regular expression, in RE2's words; empty when nothing is.
[[nodiscard]] std::string pattern_fault(const std::string& pattern);
/// Says what is wrong with words that cannot be looked for.
[[nodiscard]] bool are_searchable(const std::vector<std::string>& words, const Node& node,
                                  const Reading& reading);
/// Does the expression match where there is no text? False for what is none.
[[nodiscard]] bool matches_empty(const std::string& pattern);

bool read(const Node& node, privacy::Boundary& out, const Reading& reading);
bool read(const Node& node, NanoUsd& out, const Reading& reading);
bool read(const Node& node, Share& out, const Reading& reading);
bool read(const Node& node, ShadowRole& out, const Reading& reading);
bool read(const Node& node, AnswerFit& out, const Reading& reading);
bool read(const Node& node, review::FaultSet& out, const Reading& reading);
bool read(const Node& node, std::vector<Parameter>& out, const Reading& reading);
bool read(const Node& node, std::vector<double>& out, const Reading& reading);

[[nodiscard]] std::string type_name(const privacy::Boundary&, const Traits&);
[[nodiscard]] std::string type_name(const NanoUsd&, const Traits&);
[[nodiscard]] std::string type_name(const Share&, const Traits&);
[[nodiscard]] std::string type_name(const ShadowRole&, const Traits&);
[[nodiscard]] std::string type_name(const AnswerFit&, const Traits&);
[[nodiscard]] std::string type_name(const review::FaultSet&, const Traits&);
[[nodiscard]] std::string type_name(const std::vector<Parameter>&, const Traits&);
[[nodiscard]] std::string type_name(const std::vector<double>&, const Traits&);

[[nodiscard]] std::string shown(const privacy::Boundary& value, const Traits&);
[[nodiscard]] std::string shown(const NanoUsd& value, const Traits&);
[[nodiscard]] std::string shown(const Share& value, const Traits&);
[[nodiscard]] std::string shown(const ShadowRole& value, const Traits&);
[[nodiscard]] std::string shown(const AnswerFit& value, const Traits&);
[[nodiscard]] std::string shown(const review::FaultSet& value, const Traits&);

}  // namespace spillway::config
