#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spillway/config/values.hpp"

namespace spillway::config {

/// What to do with keys that no field list knows.
enum class Unknown : std::uint8_t {
    error,  ///< Our own sections: a misspelt limit must not pass.
    warn,   ///< LiteLLM's sections: newer versions have keys we never heard of.
};

/// The visitor that loads a map of the file into a struct.
class SectionLoader {
public:
    /// @param map   Must be a map, and outlive the loader.
    /// @param path  Its place in the file, "server"; "model_list[].litellm_params" for rows; empty
    ///              for the file itself.
    SectionLoader(const Node& map, std::string path, Findings& findings)
        : map_(map), path_(std::move(path)), findings_(findings), state_(map.entries.size())
    {}

    template <class T, class... Options>
    void operator()(std::string_view key, T& member, Options... options)
    {
        const Traits traits = traits_of(options...);
        const Node* node = take(key, traits.support, traits.note);
        // A key with nothing behind it is an unset one, as in LiteLLM.
        if (node == nullptr || node->is_null())
            return;
        const Reading reading{findings_, traits, path_of(key)};
        read(*node, member, reading);
    }

    void known(std::string_view key, Support support, std::string_view note)
    {
        // What a supported key means is for the manual; the report is about what is lost.
        take(key, support, support == Support::supported ? std::string_view() : note);
    }

    void passed(std::string_view key, Support support, std::string_view note);

    /// Reports the keys that no call named. Call it last.
    void refuse_rest(Unknown unknown) const;

    /// The entries of an open map that `passed` named, and those that nothing named.
    [[nodiscard]] std::vector<const Entry*> passed_entries() const { return in(State::passed); }
    [[nodiscard]] std::vector<const Entry*> unknown_entries() const { return in(State::unknown); }

private:
    enum class State : std::uint8_t { unknown, passed, taken };

    const Node* take(std::string_view key, Support support, std::string_view note);
    [[nodiscard]] std::size_t place(std::string_view key) const;
    [[nodiscard]] std::string path_of(std::string_view key) const;
    [[nodiscard]] std::vector<const Entry*> in(State state) const;

    const Node& map_;
    std::string path_;
    Findings& findings_;
    std::vector<State> state_;  ///< One per entry of the map.
    std::vector<std::string> known_;
};

/// True when `node` is a map; null is none and no error, anything else is reported.
[[nodiscard]] bool is_section(const Node* node, std::string_view path, Findings& findings);

}  // namespace spillway::config
