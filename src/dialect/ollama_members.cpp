#include "ollama_members.hpp"

#include <algorithm>
#include <array>

#include "keep_alive.hpp"
#include "ollama_json.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

/// Who may set an option.
enum class Setter : unsigned char {
    anyone,
    file,  ///< A launch attribute: another value loads the model anew (wire.md 2.2).
};

struct OptionRow {
    std::string_view name;    ///< Of a top-level member.
    std::string_view option;  ///< What Ollama calls it.
    Setter setter;
};

constexpr std::array option_rows{
    OptionRow{"max_tokens", "num_predict", Setter::anyone},
    OptionRow{"max_completion_tokens", "num_predict", Setter::anyone},
    OptionRow{"num_predict", "num_predict", Setter::anyone},
    OptionRow{"temperature", "temperature", Setter::anyone},
    OptionRow{"top_p", "top_p", Setter::anyone},
    OptionRow{"top_k", "top_k", Setter::anyone},
    OptionRow{"min_p", "min_p", Setter::anyone},
    OptionRow{"typical_p", "typical_p", Setter::anyone},
    OptionRow{"tfs_z", "tfs_z", Setter::anyone},
    OptionRow{"seed", "seed", Setter::anyone},
    OptionRow{"stop", "stop", Setter::anyone},
    OptionRow{"presence_penalty", "presence_penalty", Setter::anyone},
    OptionRow{"frequency_penalty", "frequency_penalty", Setter::anyone},
    OptionRow{"repeat_penalty", "repeat_penalty", Setter::anyone},
    OptionRow{"repetition_penalty", "repeat_penalty", Setter::anyone},
    OptionRow{"repeat_last_n", "repeat_last_n", Setter::anyone},
    OptionRow{"penalize_newline", "penalize_newline", Setter::anyone},
    OptionRow{"mirostat", "mirostat", Setter::anyone},
    OptionRow{"mirostat_eta", "mirostat_eta", Setter::anyone},
    OptionRow{"mirostat_tau", "mirostat_tau", Setter::anyone},
    OptionRow{"num_keep", "num_keep", Setter::anyone},
    OptionRow{"num_batch", "num_batch", Setter::file},
    OptionRow{"num_gpu", "num_gpu", Setter::file},
    OptionRow{"main_gpu", "main_gpu", Setter::file},
    OptionRow{"num_thread", "num_thread", Setter::file},
    OptionRow{"num_gqa", "num_gqa", Setter::file},
    OptionRow{"numa", "numa", Setter::file},
    OptionRow{"low_vram", "low_vram", Setter::file},
    OptionRow{"f16_kv", "f16_kv", Setter::file},
    OptionRow{"use_mmap", "use_mmap", Setter::file},
    OptionRow{"use_mlock", "use_mlock", Setter::file},
    OptionRow{"vocab_only", "vocab_only", Setter::file},
    OptionRow{"logits_all", "logits_all", Setter::file},
    OptionRow{"embedding_only", "embedding_only", Setter::file},
};

bool is_launch_attribute(std::string_view option)
{
    return std::any_of(option_rows.begin(), option_rows.end(), [&](const OptionRow& row) {
        return row.option == option && row.setter == Setter::file;
    });
}

/// Options in the making. What is set first stays.
class OptionList {
public:
    void set(std::string_view option, std::string_view json)
    {
        if (json.empty() || json == "null" ||
            std::find(set_.begin(), set_.end(), option) != set_.end()) {
            return;
        }
        set_.emplace_back(option);
        text_.append(text_.empty() ? "" : ",").append(json_quoted(option)).append(":");
        // Ollama reads a list only.
        const bool one_word = option == "stop" && json.front() == '"';
        text_.append(one_word ? "[" : "").append(json).append(one_word ? "]" : "");
    }

    [[nodiscard]] std::string take() && { return std::move(text_); }

private:
    std::string text_;
    std::vector<std::string> set_;
};

}  // namespace

void OllamaMembers::add(const JsonKey& key, std::string_view json)
{
    const auto name =
        key.escaped ? std::string_view(unescaped_keys_.emplace_back(key.text)) : key.text;
    members_.emplace_back(name, json);
}

std::string_view OllamaMembers::find(std::string_view name, Source source) const
{
    std::string_view found;
    if (source == Source::request) {
        for (const auto& [key, json] : members_) {
            found = key == name ? json : found;
        }
    } else {
        for (const auto& [key, json] : defaults_.members) {
            found = key == name ? std::string_view(json) : found;
        }
    }
    return found == "null" ? std::string_view() : found;
}

std::string_view OllamaMembers::find(std::string_view name) const
{
    const auto own = find(name, Source::request);
    return own.empty() ? find(name, Source::file) : own;
}

std::optional<Tokens> OllamaMembers::window(std::optional<Tokens> num_ctx) const
{
    if (defaults_.window == WindowChoice::ours) {
        return num_ctx;
    }
    const std::vector<std::pair<std::string, std::string>> own{
        {"num_ctx", std::string(find("num_ctx", Source::request))},
        {"options", std::string(find("options", Source::request))}};
    const auto wanted = configured_window(own);
    return wanted ? wanted : num_ctx;
}

std::string_view OllamaMembers::keep_alive() const
{
    const auto own = find("keep_alive", Source::request);
    if (own.empty() || defaults_.keep_alive == KeepAliveChoice::clients) {
        return find("keep_alive");
    }
    return bounded_keep_alive(own, find("keep_alive", Source::file));
}

std::string OllamaMembers::options(std::optional<Tokens> num_ctx) const
{
    OptionList list;
    if (num_ctx) {
        list.set("num_ctx", std::to_string(count(*num_ctx)));
    }
    for (const auto& row : option_rows) {
        list.set(row.option, row.setter == Setter::anyone ? find(row.name, Source::request) : "");
    }
    for_each_member(find("options", Source::request), [&](auto name, auto json) {
        list.set(name, name == "num_ctx" || is_launch_attribute(name) ? "" : json);
    });
    for (const auto& row : option_rows) {
        list.set(row.option, find(row.name, Source::file));
    }
    for_each_member(find("options", Source::file),
                    [&](auto name, auto json) { list.set(name, name == "num_ctx" ? "" : json); });
    return std::move(list).take();
}

std::optional<Tokens> configured_window(
    const std::vector<std::pair<std::string, std::string>>& members)
{
    std::optional<Tokens> window;
    const auto read = [&](std::string_view name, std::string_view json) {
        if (name != "num_ctx" || window) {
            return;
        }
        const auto number = whole_number(json);
        window = number && *number > 0 ? std::optional(Tokens{*number}) : std::nullopt;
    };
    for (const auto& [name, json] : members) {
        read(name, json);
    }
    for (const auto& [name, json] : members) {
        if (name == "options") {
            for_each_member(json, read);
        }
    }
    return window;
}

}  // namespace spillway::dialect
