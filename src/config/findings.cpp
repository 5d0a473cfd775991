#include "spillway/config/findings.hpp"

#include <algorithm>

#include "spillway/base/text.hpp"

namespace spillway::config {

std::uint32_t Findings::add_file(std::string name)
{
    files_.push_back(std::move(name));
    return static_cast<std::uint32_t>(files_.size() - 1);
}

void Findings::error(Position at, std::string message)
{
    found_.push_back({at, std::move(message), Problem::Level::error});
}

void Findings::warning(Position at, std::string message)
{
    found_.push_back({at, std::move(message), Problem::Level::warning});
}

void Findings::seen(std::string path, Support support, std::string_view note)
{
    if (paths_.insert(path).second)
        keys_.push_back({std::move(path), support, std::string(note)});
}

void Findings::refer(Position at, std::string name, std::string_view setting, Reference::Of of)
{
    references_.push_back({at, std::move(name), std::string(setting), Problem::Level::warning, of});
}

void Findings::require(Position at, std::string name, std::string_view setting)
{
    references_.push_back({at, std::move(name), std::string(setting), Problem::Level::error});
}

bool Findings::has_error_since(std::size_t mark) const noexcept
{
    return std::any_of(found_.begin() + static_cast<std::ptrdiff_t>(mark), found_.end(),
                       [](const Found& found) { return found.level == Problem::Level::error; });
}

void Findings::soften_since(std::size_t mark, std::string_view consequence)
{
    for (auto i = mark; i < found_.size(); ++i) {
        if (found_[i].level != Problem::Level::error)
            continue;
        found_[i].level = Problem::Level::warning;
        found_[i].message += "; ";
        found_[i].message += consequence;
    }
}

std::string Findings::where(Position at) const
{
    std::string text = at.file < files_.size() ? files_[at.file] : std::string();
    if (at.line > 0)
        text += ':' + std::to_string(at.line) + ':' + std::to_string(at.column);
    return text;
}

std::vector<Problem> Findings::problems() const
{
    auto sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const Found& a, const Found& b) { return a.at < b.at; });
    std::vector<Problem> problems;
    problems.reserve(sorted.size());
    for (auto& found : sorted)
        problems.push_back({where(found.at), std::move(found.message), found.level});
    return problems;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known)
{
    const auto near = nearest(word, known);
    return near ? "; did you mean \"" + printable(*near) + "\"?" : std::string();
}

}  // namespace spillway::config
