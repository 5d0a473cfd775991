#include "spillway/config/source.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "spillway/base/text.hpp"
#include "spillway/config/environment.hpp"
#include "spillway/config/files.hpp"

namespace spillway::config {

namespace {

constexpr std::size_t most_files = 32;

/// Adds what `from` has to `into`.
void merge_map(Node& into, Node&& from, Findings& findings)
{
    for (auto& entry : from.entries) {
        auto* mine = into.find(entry.key);
        if (mine == nullptr) {
            into.entries.push_back(std::move(entry));
            continue;
        }
        auto& theirs = entry.value;
        if (mine->is_null()) {
            *mine = std::move(theirs);
        } else if (mine->kind == Node::Kind::sequence && theirs.kind == Node::Kind::sequence) {
            std::move(theirs.items.begin(), theirs.items.end(), std::back_inserter(mine->items));
        } else if (mine->kind == Node::Kind::map && theirs.kind == Node::Kind::map) {
            merge_map(*mine, std::move(theirs), findings);
        } else if (!theirs.is_null()) {
            findings.warning(entry.at, "\"" + printable(entry.key) +
                                           "\" is set by the including file as well (" +
                                           findings.where(mine->at) + "), and that holds");
        }
    }
}

/// Takes `include` out of the tree.
std::optional<Node> take_include(Node& root)
{
    const auto found = std::find_if(root.entries.begin(), root.entries.end(),
                                    [](const Entry& entry) { return entry.key == "include"; });
    if (found == root.entries.end())
        return std::nullopt;
    auto include = std::move(found->value);
    root.entries.erase(found);
    return include;
}

/// One run of `read_source`.
class Reader {
public:
    Reader(const Environment& environment, Findings& findings)
        : environment_(environment), findings_(findings)
    {}

    /// @param at    Where the file was asked for; line zero for the first.
    std::optional<Node> read(const std::filesystem::path& path, Position at)
    {
        const auto name = path.string();
        std::error_code code;
        const auto canonical = std::filesystem::weakly_canonical(path, code);
        if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) {
            findings_.error(at, "include: \"" + printable(name) + "\" includes itself");
            return std::nullopt;
        }
        if (files_.size() >= most_files) {
            findings_.error(at, "include: more than " + std::to_string(most_files) + " files");
            return std::nullopt;
        }
        const auto file = findings_.add_file(name);
        files_.push_back(name);
        const YamlLimits limits;
        auto text = read_whole_file(name, limits.bytes);
        if (!text) {
            findings_.error(at.line == 0 ? Position{file, 0, 0} : at, text.error().message());
            return std::nullopt;
        }
        auto root = parse_yaml(*text, file, findings_, limits);
        if (root && root->kind == Node::Kind::map) {
            open_.push_back(canonical);
            const bool whole = include_into(*root, path.parent_path());
            open_.pop_back();
            if (!whole)
                return std::nullopt;
        }
        return root;
    }

    [[nodiscard]] std::vector<std::string> files() && { return std::move(files_); }

private:
    /// False when an included file could not be read.
    bool include_into(Node& root, const std::filesystem::path& folder)
    {
        auto include = take_include(root);
        if (!include || include->is_null())
            return true;
        findings_.seen("include", Support::supported, "");
        resolve_environment(*include, environment_, findings_);
        std::vector<Node> paths;
        if (include->kind == Node::Kind::sequence)
            paths = std::move(include->items);
        else
            paths.push_back(*std::move(include));
        bool whole = true;
        for (const auto& path : paths) {
            if (path.kind != Node::Kind::scalar || path.text.empty()) {
                findings_.error(path.at, "include: expected the path of a file, found " +
                                             std::string(kind_name(path)));
                whole = false;
                continue;
            }
            auto included = read(folder / path.text, path.at);
            whole = included.has_value() && whole;
            if (included && included->kind == Node::Kind::map)
                merge_map(root, *std::move(included), findings_);
            else if (included && !included->is_null())
                findings_.error(included->at,
                                "expected a map, found " + std::string(kind_name(*included)));
        }
        return whole;
    }

    const Environment& environment_;
    Findings& findings_;
    std::vector<std::filesystem::path> open_;  ///< From the first file to the current one.
    std::vector<std::string> files_;
};

}  // namespace

Source read_source(const std::string& path, const Environment& environment, Findings& findings)
{
    Reader reader(environment, findings);
    auto root = reader.read(path, {});
    return {std::move(root), std::move(reader).files()};
}

Source read_source_text(std::string_view yaml, std::string name, Findings& findings)
{
    const auto file = findings.add_file(name);
    Source source{parse_yaml(yaml, file, findings), {std::move(name)}};
    if (source.root) {
        const auto include = take_include(*source.root);
        if (include && !include->is_null())
            findings.error(include->at, "include: only a file can include others");
    }
    return source;
}

}  // namespace spillway::config
