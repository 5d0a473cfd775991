#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/config/position.hpp"

namespace spillway::config {

/// A model name that one setting uses and another must define; checked when all rows are known.
struct Reference {
    /// What the name may be of: groups, aliases and deployments, or routes as well.
    enum class Of : std::uint8_t { models, models_and_routes };

    Position at;
    std::string name;
    std::string setting;  ///< "router_settings.fallbacks", for the message.
    Problem::Level level = Problem::Level::warning;  ///< What it is when nothing has that name.
    Of of = Of::models;
};

/// Collects what is found while a file is read, so that one run reports everything.
class Findings {
public:
    /// Registers a file by the name that messages use.
    [[nodiscard]] std::uint32_t add_file(std::string name);

    void error(Position at, std::string message);
    void warning(Position at, std::string message);

    /// Notes that a key was met. The same path is listed once, whatever the number of rows.
    void seen(std::string path, Support support, std::string_view note);

    /// Remembers that `name` must turn out to be a group, an alias or a deployment.
    void refer(Position at, std::string name, std::string_view setting,
               Reference::Of of = Reference::Of::models);
    /// The same where LiteLLM's leniency does not hold: a name that nothing has is an error.
    void require(Position at, std::string name, std::string_view setting);

    /// A mark for `has_error_since` and `soften_since`.
    [[nodiscard]] std::size_t mark() const noexcept { return found_.size(); }
    [[nodiscard]] bool has_error_since(std::size_t mark) const noexcept;

    /// Turns the errors found since `mark` into warnings that also say `consequence`.
    void soften_since(std::size_t mark, std::string_view consequence);

    /// "file:line:column".
    [[nodiscard]] std::string where(Position at) const;

    /// Everything found, in the order of the files.
    [[nodiscard]] std::vector<Problem> problems() const;
    [[nodiscard]] const std::vector<KeySeen>& keys_seen() const noexcept { return keys_; }
    [[nodiscard]] const std::vector<Reference>& references() const noexcept { return references_; }

private:
    struct Found {
        Position at;
        std::string message;
        Problem::Level level;
    };

    std::vector<std::string> files_;
    std::vector<Found> found_;
    std::vector<KeySeen> keys_;
    std::set<std::string> paths_;
    std::vector<Reference> references_;
};

/// `; did you mean "x"?` when one of `known` is near enough to `word`; else nothing.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     const std::vector<std::string_view>& known);

}  // namespace spillway::config
