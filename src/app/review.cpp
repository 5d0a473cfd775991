#include "spillway/app/review.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <istream>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "read_config.hpp"
#include "spillway/app/side_by_side.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/comparisons.hpp"
#include "spillway/review/grade.hpp"

namespace spillway::app {

namespace {

using review::Judge;
using review::Order;
using review::Preferred;

/// Pairs of one session, the oldest first: nobody judges more at a sitting.
constexpr std::size_t most_at_once = 200;

/// A reviewer's word.
enum class Word : std::uint8_t { a, b, tie, skip, quit, unclear };

Word word_of(std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, Word>, 9> words{{{"a", Word::a},
                                                                      {"b", Word::b},
                                                                      {"t", Word::tie},
                                                                      {"tie", Word::tie},
                                                                      {"s", Word::skip},
                                                                      {"skip", Word::skip},
                                                                      {"", Word::skip},
                                                                      {"q", Word::quit},
                                                                      {"quit", Word::quit}}};
    if (text.ends_with('\r'))
        text.remove_suffix(1);
    text = trimmed(text);
    for (const auto& [known, word] : words)
        if (iequals(text, known))
            return word;
    return Word::unclear;
}

/// Blind and yet the same whenever the pair is shown.
Order order_of(const RequestId& id)
{
    const auto mixed = (id.low ^ (id.low >> 29U)) * 0xBF58'476D'1CE4'E5B9U;
    return (mixed >> 40U & 1U) == 0 ? Order::weak_first : Order::strong_first;
}

Preferred preferred_of(Word word, Order order)
{
    if (word == Word::tie)
        return Preferred::neither;
    return (word == Word::a) == (order == Order::weak_first) ? Preferred::weak : Preferred::strong;
}

class Session {
public:
    Session(Screen screen, std::istream& in, std::ostream& out)
        : screen_(screen), in_(in), out_(out)
    {}

    void show(const ledger::Comparison& pair, std::size_t number, std::size_t of)
    {
        const bool weak_first = order_of(pair.request) == Order::weak_first;
        const auto& texts = *pair.texts;
        std::vector<std::string> lines;
        lines.push_back("=== " + std::to_string(number) + " of " + std::to_string(of) + "   " +
                        rfc3339(pair.at).substr(0, 10) + "   route " + printable(pair.route, 80));
        const auto prompt = wrapped(texts.prompt, screen_.columns);
        lines.insert(lines.end(), prompt.begin(), prompt.end());
        lines.emplace_back();
        const auto both = side_by_side("A", weak_first ? texts.weak : texts.strong, "B",
                                       weak_first ? texts.strong : texts.weak, screen_.columns);
        lines.insert(lines.end(), both.begin(), both.end());
        page(lines);
    }

    /// @return Nothing when no more verdicts come.
    [[nodiscard]] std::optional<Word> ask()
    {
        for (;;) {
            if (screen_.rows > 0)
                out_ << "\nBetter: a, b, tie, skip, q? " << std::flush;
            std::string line;
            if (!std::getline(in_, line))
                return std::nullopt;
            const auto word = word_of(line);
            if (word != Word::unclear)
                return word;
            out_ << "'" << printable(line, 40) << "' is neither a, b, tie, skip nor q\n";
            if (screen_.rows == 0)
                return Word::skip;
        }
    }

    /// Which was which: only once the verdict is given.
    void reveal(const ledger::Comparison& pair)
    {
        const bool weak_first = order_of(pair.request) == Order::weak_first;
        const auto weak = printable(pair.weak_group, 80) + " (weak)";
        const auto strong = printable(pair.strong_group, 80) + " (strong)";
        out_ << "A was " << (weak_first ? weak : strong) << ", B was "
             << (weak_first ? strong : weak) << "; before, "
             << review::name(static_cast<Judge>(pair.label.judge)) << " had graded weak "
             << pair.label.weak << ", strong " << pair.label.strong << "\n\n";
    }

private:
    /// A screenful at a time, where there is a screen.
    void page(const std::vector<std::string>& lines)
    {
        std::size_t shown = 0;
        for (const auto& line : lines) {
            out_ << line << '\n';
            if (screen_.rows < 4 || ++shown % (screen_.rows - 2) != 0)
                continue;
            out_ << "-- enter: more --" << std::flush;
            std::string ignored;
            if (!std::getline(in_, ignored))
                return;
        }
    }

    Screen screen_;
    std::istream& in_;
    std::ostream& out_;
};

struct Tally {
    std::size_t weak = 0;
    std::size_t strong = 0;
    std::size_t ties = 0;

    void add(Preferred preferred)
    {
        ++(preferred == Preferred::weak ? weak : preferred == Preferred::strong ? strong : ties);
    }
};

Result<std::vector<ledger::Comparison>> pairs_of(ledger::Comparisons& comparisons,
                                                 const ReviewPairs& wish, WallTime since)
{
    std::vector<ledger::Comparison> pairs;
    const auto human = static_cast<int>(Judge::human);
    auto read =
        comparisons.each(since, wish.route.value_or(""), ledger::Comparisons::Texts::read,
                         [&](ledger::Comparison&& one) {
                             const bool known = one.label.judge >= 0 && one.label.judge <= human;
                             if (one.texts && known && (wish.again || one.label.judge < human) &&
                                 pairs.size() < most_at_once)
                                 pairs.push_back(std::move(one));
                         });
    if (!read)
        return fail(std::move(read).error());
    return pairs;
}

/// Shows all pairs, and takes verdicts as long as any come.
Result<Tally> judge_all(const std::vector<ledger::Comparison>& pairs,
                        ledger::Comparisons& comparisons, Session& session)
{
    Tally tally;
    bool judging = true;
    std::size_t number = 0;
    for (const auto& pair : pairs) {
        session.show(pair, ++number, pairs.size());
        const auto word = judging ? session.ask() : std::nullopt;
        judging = word.has_value();
        if (!word || *word == Word::skip)
            continue;
        if (*word == Word::quit)
            break;
        const auto preferred = preferred_of(*word, order_of(pair.request));
        const auto label = review::label_of(preferred, Judge::human);
        const ledger::ComparisonLabel stored{
            static_cast<int>(label.judge), static_cast<double>(label.weak),
            static_cast<double>(label.strong), static_cast<double>(label.certainty)};
        if (auto written = comparisons.set_label(pair.number, stored, SystemClock{}.wall());
            !written)
            return fail(std::move(written).error());
        tally.add(preferred);
        session.reveal(pair);
    }
    return tally;
}

}  // namespace

Screen process_screen()
{
    Screen screen;
    winsize size{};
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 ||
        ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return screen;
    screen.columns = size.ws_col > 0 ? size.ws_col : screen.columns;
    screen.rows = size.ws_row > 0 ? size.ws_row : 24;
    return screen;
}

int review_pairs(const ReviewPairs& wish, Screen screen, std::istream& in, std::ostream& out,
                 std::ostream& problems)
{
    const auto give_up = [&](const std::string& why) {
        problems << "spillway: " << why << '\n';
        return 1;
    };
    const auto since = since_of(wish.since, SystemClock{}.wall());
    if (!since)
        return give_up(since.error().message());
    const auto config = read_config(wish.config, problems);
    if (!config)
        return 1;
    auto comparisons = ledger::Comparisons::open(wish.ledger.value_or(config->ledger.path));
    if (!comparisons)
        return give_up(comparisons.error().message());
    const auto pairs = pairs_of(*comparisons, wish, *since);
    if (!pairs)
        return give_up(pairs.error().message());
    if (pairs->empty()) {
        out << "nothing to review: pairs are kept where a route has `shadow: {keep_text: true}`\n";
        return 0;
    }
    Session session(screen, in, out);
    const auto tally = judge_all(*pairs, *comparisons, session);
    if (!tally)
        return give_up(tally.error().message());
    out << "weak preferred " << tally->weak << ", strong preferred " << tally->strong << ", ties "
        << tally->ties << '\n';
    return 0;
}

}  // namespace spillway::app
