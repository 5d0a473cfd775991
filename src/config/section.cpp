#include "spillway/config/section.hpp"

#include <algorithm>

#include "spillway/base/text.hpp"

namespace spillway::config {

std::size_t SectionLoader::place(std::string_view key) const
{
    const auto found = std::find_if(map_.entries.begin(), map_.entries.end(),
                                    [key](const Entry& entry) { return entry.key == key; });
    return static_cast<std::size_t>(found - map_.entries.begin());
}

const Node* SectionLoader::take(std::string_view key, Support support, std::string_view note)
{
    known_.emplace_back(key);
    const auto index = place(key);
    if (index == map_.entries.size())
        return nullptr;
    state_[index] = State::taken;
    findings_.seen(path_of(key), support, note);
    return &map_.entries[index].value;
}

void SectionLoader::passed(std::string_view key, Support support, std::string_view note)
{
    known_.emplace_back(key);
    const auto index = place(key);
    if (index == map_.entries.size())
        return;
    state_[index] = State::passed;
    findings_.seen(path_of(key), support, note);
}

void SectionLoader::refuse_rest(Unknown unknown) const
{
    const std::vector<std::string_view> known(known_.begin(), known_.end());
    for (std::size_t i = 0; i < state_.size(); ++i) {
        if (state_[i] != State::unknown)
            continue;
        const auto& entry = map_.entries[i];
        const auto key = printable(entry.key);
        const auto message = "unknown key \"" + key + "\"" +
                             (path_.empty() ? " at the top level" : " in " + path_) +
                             suggestion(entry.key, known);
        if (unknown == Unknown::error)
            findings_.error(entry.at, message);
        else
            findings_.warning(entry.at, message);
        findings_.seen(path_of(key), Support::ignored, "unknown");
    }
}

std::vector<const Entry*> SectionLoader::in(State state) const
{
    std::vector<const Entry*> entries;
    for (std::size_t i = 0; i < state_.size(); ++i)
        if (state_[i] == state)
            entries.push_back(&map_.entries[i]);
    return entries;
}

std::string SectionLoader::path_of(std::string_view key) const
{
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

bool is_section(const Node* node, std::string_view path, Findings& findings)
{
    if (node == nullptr || node->is_null())
        return false;
    if (node->kind == Node::Kind::map)
        return true;
    findings.error(node->at,
                   std::string(path) + ": expected a map, found " + std::string(kind_name(*node)));
    return false;
}

}  // namespace spillway::config
