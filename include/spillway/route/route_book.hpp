#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/prompt.hpp"
#include "spillway/config/routes.hpp"
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
    RouteBook(std::span<const config::Route> routes, const privacy::ClassNames& names);

    /// The route that decides for `model`: by its own name, else one that captures the name.
    [[nodiscard]] const CompiledRoute* find(std::string_view model) const;
    [[nodiscard]] std::span<const CompiledRoute> routes() const { return routes_; }

private:
    std::vector<CompiledRoute> routes_;
};

}  // namespace spillway::route
