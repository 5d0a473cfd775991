#include "spillway/dialect/embedding_batch.hpp"

#include <algorithm>
#include <utility>

#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

using chat::ByteRange;

const chat::Member* input_of(const chat::RequestFacts& facts)
{
    const auto found =
        std::find_if(facts.members.begin(), facts.members.end(),
                     [](const chat::Member& member) { return member.key == "input"; });
    return found == facts.members.end() ? nullptr : &*found;
}

/// One vector of an answer.
struct Entry {
    std::size_t index = 0;
    std::optional<ByteRange> written;  ///< Of the index.
    ByteRange text;
};

/// What an answer is made of.
struct Parts {
    std::optional<ByteRange> list;  ///< Between the brackets.
    std::optional<ByteRange> usage;
    std::vector<Entry> entries;
};

/// Reads one entry of `data`.
void read_entry(JsonWalker& json, Parts& parts)
{
    Entry entry;
    entry.index = parts.entries.size();
    const auto begin = json.offset();
    if (json.peek() != '{') {
        json.stop();
        return;
    }
    json.object([&](const JsonKey& key) {
        if (!is(key.text, "index")) {
            json.skip_bulk();
            return;
        }
        const auto at = json.offset();
        const auto number = json.number();
        const auto index = number ? whole_number(*number) : std::nullopt;
        if (!index || *index < 0) {
            json.stop();
            return;
        }
        entry.index = static_cast<std::size_t>(*index);
        entry.written = ByteRange{at, json.end() - at};
    });
    entry.text = {begin, json.end() - begin};
    parts.entries.push_back(entry);
}

std::optional<Parts> read_parts(std::string_view text, const JsonIndex& index)
{
    Parts parts;
    JsonWalker json(text, index.tokens());
    json.object([&](const JsonKey& key) {
        const auto begin = json.offset();
        if (is(key.text, "data") && json.peek() == '[') {
            json.array([&] { read_entry(json, parts); });
            parts.list = ByteRange{begin + 1, json.end() - begin - 2};
        } else if (is(key.text, "usage")) {
            json.skip();
            parts.usage = ByteRange{begin, json.end() - begin};
        }
    });
    return json.finish() && parts.list ? std::optional(std::move(parts)) : std::nullopt;
}

/// Are they the answers to `count` inputs, each exactly once? Sorts them.
bool answers_all(std::vector<Entry>& entries, std::size_t count)
{
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.index < b.index; });
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].index != i) {
            return false;
        }
    }
    return entries.size() == count;
}

}  // namespace

std::vector<ByteRange> embedding_inputs(const chat::RequestFacts& facts, std::string_view body)
{
    std::vector<ByteRange> inputs;
    const auto* input = input_of(facts);
    if (input == nullptr || input->value.of(body).front() != '[') {
        return inputs;
    }
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(input->value.of(body));
    if (index.scan(text) == JsonFault::none) {
        bool tokens = false;
        JsonWalker json(text, index.tokens());
        json.array([&] {
            const auto begin = json.offset();
            tokens = tokens || (json.peek() != '"' && json.peek() != '[' && json.peek() != '{');
            json.skip_bulk();
            inputs.push_back({input->value.offset + begin, json.end() - begin});
        });
        if (tokens || !json.ok()) {
            inputs.clear();
        }
    }
    index.shrink();
    return inputs;
}

EmbeddingPart part_of(const chat::RequestFacts& facts, std::string_view body,
                      const std::vector<ByteRange>& inputs, std::size_t first, std::size_t count)
{
    const auto& input = *input_of(facts);
    const auto begin = inputs[first].offset;
    const auto& last = inputs[first + count - 1];
    const auto end = input.value.offset + input.value.length;
    EmbeddingPart part;
    part.body.append(body.substr(0, input.value.offset)).append("[");
    part.body.append(body.substr(begin, last.offset + last.length - begin)).append("]");
    const auto input_end = part.body.size();
    part.body.append(body.substr(end));
    part.size = part.body.size();
    part.body.append(body_padding, ' ');

    part.members = facts.members;
    for (auto& member : part.members) {
        if (member.value.offset == input.value.offset) {
            member.value.length = input_end - member.value.offset;
            member.entry.length = input_end - member.entry.offset;
        } else if (member.value.offset > input.value.offset) {
            member.value.offset = member.value.offset - end + input_end;
            member.entry.offset = member.entry.offset - end + input_end;
        }
    }
    return part;
}

Result<void> EmbeddingJoin::add(std::string_view body, std::size_t count)
{
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(body);
    auto parts =
        index.scan(text) == JsonFault::none ? read_parts(text, index) : std::optional<Parts>{};
    const bool whole = parts && answers_all(parts->entries, count);
    if (whole) {
        for (const auto& entry : parts->entries) {
            data_.append(data_.empty() ? "" : ",");
            const auto end = entry.text.offset + entry.text.length;
            if (entry.written) {
                const auto behind = entry.written->offset + entry.written->length;
                data_.append(
                    text.substr(entry.text.offset, entry.written->offset - entry.text.offset));
                data_.append(std::to_string(inputs_ + entry.index));
                data_.append(text.substr(behind, end - behind));
            } else {
                data_.append(entry.text.of(text));
            }
        }
        if (inputs_ == 0) {
            const auto& list = *parts->list;
            usage_ = parts->usage;
            if (usage_ && usage_->offset > list.offset) {
                usage_->offset -= list.length;
            }
            list_at_ = list.offset;
            first_.append(text.substr(0, list.offset));
            first_.append(text.substr(list.offset + list.length));
        }
        inputs_ += count;
    }
    index.shrink();
    if (!parts) {
        return fail(Errc::upstream_bad_reply,
                    "The deployment's answer is not a list of embeddings.");
    }
    if (!whole) {
        return fail(Errc::upstream_bad_reply,
                    "The deployment answered " + std::to_string(count) + " inputs with " +
                        std::to_string(parts->entries.size()) + " embeddings, or in disorder.");
    }
    return {};
}

std::string EmbeddingJoin::take(const chat::Usage& usage) &&
{
    const auto tokens = std::to_string(count(usage.prompt));
    const auto total = R"({"prompt_tokens":)" + tokens + R"(,"total_tokens":)" + tokens + "}";
    std::vector<Splice> edits;
    edits.push_back({list_at_, 0, std::move(data_)});
    if (usage_) {
        edits.push_back({usage_->offset, usage_->length, total});
    } else {
        edits.push_back({list_at_ + 1, 0, R"(,"usage":)" + total});
    }
    std::sort(edits.begin(), edits.end(),
              [](const Splice& a, const Splice& b) { return a.offset < b.offset; });
    std::string joined;
    for (const auto slice : slices(first_, edits)) {
        joined.append(slice);
    }
    return joined;
}

}  // namespace spillway::dialect
