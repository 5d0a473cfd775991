#include "spillway/config/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <utility>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

std::string too_deep(const YamlLimits& limits)
{
    return "nested deeper than " + std::to_string(limits.depth) + " levels";
}

std::string too_many(const YamlLimits& limits)
{
    return "more than " + std::to_string(limits.nodes) + " values in one file";
}

/// yaml-cpp counts from zero, and marks "nowhere" with -1.
Position position(const YAML::Mark& mark, std::uint32_t file)
{
    if (mark.is_null())
        return {file, 0, 0};
    return {file, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
}

/// Builds the tree from parser events. Throws yaml-cpp's own exception where reading must stop, so
/// that `parse_yaml` has one thing to catch.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(std::uint32_t file, Findings& findings, const YamlLimits& limits)
        : file_(file), findings_(findings), limits_(limits)
    {}

    [[nodiscard]] Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override
    {
        if (++documents_ > 1)
            throw YAML::ParserException(mark, "a second document begins; one file is one document");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        if (wants_key())
            throw YAML::ParserException(mark, "a key must be text");
        Node node;
        node.at = position(mark, file_);
        count(mark, 1);
        complete(std::move(node), anchor, 1);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override
    {
        if (wants_key()) {
            open_.back().key = Entry{value, position(mark, file_), {}};
            return;
        }
        Node node;
        node.kind = Node::Kind::scalar;
        // "?" is the tag of plain scalars, "!" of quoted ones; an explicit !!str is quoted too.
        node.style = tag == "?" ? Node::Style::plain : Node::Style::quoted;
        node.text = value;
        node.at = position(mark, file_);
        count(mark, 1);
        complete(std::move(node), anchor, 1);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        if (wants_key())
            throw YAML::ParserException(mark, "a key must be text, not an alias");
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end())
            throw YAML::ParserException(mark, "an alias stands inside the value it names");
        if (open_.size() + found->second.height > limits_.depth)
            throw YAML::ParserException(mark, too_deep(limits_));
        count_copy(mark, found->second.size);
        count(mark, found->second.size);
        complete(Node(found->second.node), 0, found->second.height);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override
    {
        open(mark, Node::Kind::sequence, anchor);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override
    {
        open(mark, Node::Kind::map, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Frame {
        Node node;
        YAML::anchor_t anchor = 0;
        std::size_t first_node = 0;  ///< Count of nodes when it was opened.
        std::size_t height = 1;
        std::optional<Entry> key;
        std::map<std::string, std::uint32_t, std::less<>> lines;  ///< Of the keys so far.
    };
    struct Anchored {
        Node node;
        std::size_t size;
        std::size_t height;
    };

    [[nodiscard]] bool wants_key() const
    {
        return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().key;
    }

    void open(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor)
    {
        if (wants_key())
            throw YAML::ParserException(mark, "a key must be text, not a list or a map");
        if (open_.size() >= limits_.depth)
            throw YAML::ParserException(mark, too_deep(limits_));
        Frame frame;
        frame.node.kind = kind;
        frame.node.at = position(mark, file_);
        frame.anchor = anchor;
        frame.first_node = nodes_;
        count(mark, 1);
        open_.push_back(std::move(frame));
    }

    void close()
    {
        auto frame = std::move(open_.back());
        open_.pop_back();
        if (frame.node.kind == Node::Kind::map)
            merge(frame);
        complete_sized(std::move(frame.node), frame.anchor, nodes_ - frame.first_node,
                       frame.height);
    }

    void complete(Node node, YAML::anchor_t anchor, std::size_t height)
    {
        complete_sized(std::move(node), anchor, 1, height);
    }

    void complete_sized(Node node, YAML::anchor_t anchor, std::size_t size, std::size_t height)
    {
        if (anchor != 0) {
            // The copy kept for aliases is memory as well, so it counts as one.
            count_copy(YAML::Mark::null_mark(), size);
            anchors_.insert_or_assign(anchor, Anchored{node, size, height});
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        auto& parent = open_.back();
        parent.height = std::max(parent.height, height + 1);
        if (parent.node.kind == Node::Kind::sequence) {
            parent.node.items.push_back(std::move(node));
            return;
        }
        add_entry(parent, std::move(node));
    }

    void add_entry(Frame& parent, Node value)
    {
        auto entry = *std::exchange(parent.key, std::nullopt);
        entry.value = std::move(value);
        const auto [place, fresh] = parent.lines.emplace(entry.key, entry.at.line);
        if (fresh) {
            parent.node.entries.push_back(std::move(entry));
            return;
        }
        findings_.error(entry.at, "the key \"" + printable(entry.key) +
                                      "\" is written twice; the first is in line " +
                                      std::to_string(place->second));
    }

    /// Replaces `<<: map` and `<<: [map, ...]` by the entries that the map does not have itself.
    void merge(Frame& frame)
    {
        auto& map = frame.node;
        const auto found = std::find_if(map.entries.begin(), map.entries.end(),
                                        [](const Entry& entry) { return entry.key == "<<"; });
        if (found == map.entries.end())
            return;
        const Entry merged = std::move(*found);
        map.entries.erase(found);
        const std::vector<Node> one{merged.value};
        const auto& sources = merged.value.kind == Node::Kind::sequence ? merged.value.items : one;
        for (const auto& source : sources) {
            if (source.kind != Node::Kind::map) {
                findings_.error(merged.at,
                                "\"<<\" merges maps; this is " + std::string(kind_name(source)));
                continue;
            }
            for (const auto& entry : source.entries)
                if (frame.lines.emplace(entry.key, entry.at.line).second)
                    map.entries.push_back(entry);
        }
    }

    void count(const YAML::Mark& mark, std::size_t more)
    {
        nodes_ += more;
        if (nodes_ > limits_.nodes)
            throw YAML::ParserException(mark, too_many(limits_));
    }

    void count_copy(const YAML::Mark& mark, std::size_t more)
    {
        copied_ += more;
        if (copied_ > limits_.copied_nodes)
            throw YAML::ParserException(mark, "aliases expand to more than " +
                                                  std::to_string(limits_.copied_nodes) + " values");
    }

    std::uint32_t file_;
    Findings& findings_;
    YamlLimits limits_;
    Node root_;
    std::vector<Frame> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
    std::size_t copied_ = 0;
    int documents_ = 0;
};

/// Lets yaml-cpp read from a view; it only takes streams.
class ViewBuffer final : public std::streambuf {
public:
    explicit ViewBuffer(std::string_view text)
    {
        // A get area is never written through, but its type is not const.
        auto* begin = const_cast<char*>(text.data());
        setg(begin, begin, begin + text.size());
    }
};

/// The first byte that no text file holds. yaml-cpp takes 0x04 for the end of its input, so what
/// follows it would be passed over in silence.
std::optional<std::size_t> control_byte(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return i;
    }
    return std::nullopt;
}

/// A byte at which the file is certain to break a limit, and the limit's words.
struct Excess {
    std::size_t offset;
    std::string message;
};

/// yaml-cpp holds every token of a flow collection in memory until the collection ends, so its size
/// must be bounded before it looks. A rough count will do: it knows nothing of quotes and comments,
/// and is generous enough for them.
std::optional<Excess> excess(std::string_view text, const YamlLimits& limits)
{
    const std::size_t most_tokens = 2 * limits.nodes;
    const std::size_t most_open = 16 * limits.depth;
    std::size_t tokens = 0;
    std::size_t open = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '[' || c == '{')
            ++open;
        if ((c == ']' || c == '}') && open > 0)
            --open;
        if (open > most_open)
            return Excess{i, too_deep(limits)};
        if ((c == '[' || c == '{' || c == ',') && ++tokens > most_tokens)
            return Excess{i, too_many(limits)};
    }
    return std::nullopt;
}

Position position_of(std::string_view text, std::size_t offset, std::uint32_t file)
{
    const auto before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto last = before.rfind('\n');
    const auto column = last == std::string_view::npos ? offset + 1 : offset - last;
    return {file, static_cast<std::uint32_t>(lines + 1), static_cast<std::uint32_t>(column)};
}

}  // namespace

const Node* Node::find(std::string_view key) const noexcept
{
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [key](const Entry& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) noexcept
{
    return const_cast<Node*>(std::as_const(*this).find(key));
}

std::optional<Node> parse_yaml(std::string_view text, std::uint32_t file, Findings& findings,
                               const YamlLimits& limits)
{
    if (text.size() > limits.bytes) {
        findings.error({file, 0, 0}, "larger than " + std::to_string(limits.bytes) + " bytes");
        return std::nullopt;
    }
    if (const auto offset = control_byte(text)) {
        findings.error(position_of(text, *offset, file),
                       "a control character; the file must be UTF-8 text");
        return std::nullopt;
    }
    if (const auto found = excess(text, limits)) {
        findings.error(position_of(text, found->offset, file), found->message);
        return std::nullopt;
    }
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    TreeBuilder builder(file, findings, limits);
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& exception) {
        findings.error(position(exception.mark, file), printable(exception.msg));
        return std::nullopt;
    }
    return builder.take();
}

}  // namespace spillway::config
