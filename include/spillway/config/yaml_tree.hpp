#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/config/findings.hpp"

/// YAML as a plain tree with positions. Built from yaml-cpp's events instead of its nodes:
/// duplicate keys are seen, aliases are counted before they are copied, `<<` is merged, and nothing
/// of yaml-cpp is visible outside yaml_tree.cpp.
namespace spillway::config {

struct Entry;

struct Node {
    enum class Kind : std::uint8_t { null, scalar, sequence, map };
    /// How a scalar was written. Only plain ones can be numbers or truth values in JSON.
    enum class Style : std::uint8_t { plain, quoted, environment };

    Kind kind = Kind::null;
    Style style = Style::plain;
    std::string text;            ///< Of a scalar.
    std::vector<Node> items;     ///< Of a sequence.
    std::vector<Entry> entries;  ///< Of a map, in file order, without duplicates.
    Position at;

    [[nodiscard]] bool is_null() const noexcept { return kind == Kind::null; }
    /// The value of `key` in a map; null when there is none.
    [[nodiscard]] const Node* find(std::string_view key) const noexcept;
    [[nodiscard]] Node* find(std::string_view key) noexcept;
};

struct Entry {
    std::string key;
    Position at;
    Node value;
};

/// Bounds of one file (reliability promise 30).
struct YamlLimits {
    std::size_t bytes = 1024 * 1024;
    std::size_t depth = 64;
    std::size_t nodes = 50'000;         ///< Values in the whole tree.
    std::size_t copied_nodes = 10'000;  ///< Values that aliases and anchors add.
};

/// Reads one document. Syntax errors, duplicate keys and broken limits are reported to `findings`.
/// @return The root, or nothing when the text could not be read to its end.
[[nodiscard]] std::optional<Node> parse_yaml(std::string_view text, std::uint32_t file,
                                             Findings& findings, const YamlLimits& limits = {});

/// What a plain scalar means in YAML's core schema. Quoted text is always text.
enum class ScalarType : std::uint8_t { boolean, number, text };
[[nodiscard]] ScalarType scalar_type(const Node& scalar);
/// The value of a scalar whose type is `boolean`.
[[nodiscard]] bool truth(std::string_view text);

/// The tree as JSON text, numbers as written. Null becomes `null`.
[[nodiscard]] std::string to_json(const Node& node);

/// "a map", "a list", "a number", "text": for messages.
[[nodiscard]] std::string_view kind_name(const Node& node);

}  // namespace spillway::config
