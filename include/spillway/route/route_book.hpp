#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/prompt.hpp"
#include "spillway/config/config.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/route/features.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// Where the answers to a route's questions are looked up. Nothing is copied.
class Asked {
public:
    virtual ~Asked() = default;
    [[nodiscard]] virtual std::span<const chat::PromptPiece> text() const = 0;
    /// What all headers of that name say.
    [[nodiscard]] virtual std::vector<std::string_view> header(std::string_view name) const = 0;
    /// The members of all its metadata at "a.b", as texts.
    [[nodiscard]] virtual std::vector<std::string> metadata(std::string_view path) const = 0;
};

/// What facts a route asks for; taking one that nobody asks for is waste.
struct Needs {
    bool text = false;
    bool score = false;
    bool sensitive = false;
    bool code = false;
    bool identity = false;             ///< Whose the request is.
    std::vector<std::string> headers;  ///< Names, each once; those that tell the client's kind too.
};

/// One route, compiled. Immutable; safe to share.
class CompiledRoute {
public:
    /// @param names  Of this configuration's sensitive classes.
    CompiledRoute(const config::Route& source, const privacy::ClassNames& names);
    ~CompiledRoute();
    CompiledRoute(CompiledRoute&&) noexcept;

    /// Its conditions know their questions and classes.
    [[nodiscard]] const config::Route& source() const { return source_; }
    [[nodiscard]] const Needs& needs() const { return needs_; }
    /// Answers the questions of all rules, sorted by question. Linear in the text.
    [[nodiscard]] std::vector<Probe> probe(const Asked& asked) const;

private:
    struct Questions;

    config::Route source_;  ///< With `question` and `classes` filled in.
    Needs needs_;
    std::unique_ptr<Questions> questions_;
};

/// All routes of one configuration. Immutable; shared by all shards.
class RouteBook {
public:
    RouteBook() = default;
    RouteBook(const config::Config& config, const privacy::ClassNames& names);

    /// The route that decides for `model`: by its own name or an alias of it, else one that
    /// captures the name, else one that captures the group which the alias or id leads to.
    [[nodiscard]] const CompiledRoute* find(std::string_view model) const;
    /// What an alias or id that a route decides for is another name of: the route, or the group
    /// that it captures. Empty for names that are their own.
    [[nodiscard]] std::string_view stands_for(std::string_view model) const;
    [[nodiscard]] std::span<const CompiledRoute> routes() const { return routes_; }

private:
    struct Place {
        std::size_t route = 0;
        std::string stands_for;
    };
    /// Lets a `string_view` be looked up without making a string of it.
    struct NameHash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view name) const
        {
            return std::hash<std::string_view>{}(name);
        }
    };

    void add_names(const config::Config& config);
    /// The first route that captures `model` as it is written.
    [[nodiscard]] std::optional<std::size_t> capturing(std::string_view model) const;

    std::vector<CompiledRoute> routes_;
    /// Names whose route is known beforehand; all that is left to try are patterns.
    std::unordered_map<std::string, Place, NameHash, std::equal_to<>> places_;
};

}  // namespace spillway::route
