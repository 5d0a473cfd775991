#include "word_class.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace spillway::score {

namespace {

struct WordList {
    WordClass kind;
    std::string_view words;  ///< Separated by single blanks.
};

constexpr std::array lists{
    WordList{WordClass::negation,
             "not no never none nor neither without except cannot don doesn didn isn aren wasn "
             "weren won wouldn couldn shouldn hasn haven hadn unlikely incorrect false least"},
    WordList{WordClass::more_or_less, "more less fewer than"},
    WordList{WordClass::ages, "old age aged ages older younger"},
    WordList{WordClass::comparison,
             "most greater larger smaller higher lower longer shorter "
             "bigger better best worse highest lowest largest smallest greatest same as "
             "equal different difference compared"},
    WordList{WordClass::multiples, "twice double doubled triple tripled thrice times"},
    WordList{WordClass::each_one, "each every per"},
    WordList{WordClass::leftovers, "left remaining remain remains rest remainder"},
    WordList{WordClass::parts,
             "half halves third thirds fourth quarter quarters fifth fraction percent percentage"},
    WordList{WordClass::rates, "average mean rate ratio speed"},
    WordList{WordClass::totals, "total altogether together combined all"},
    WordList{WordClass::which_words, "what which who whom whose when where"},
    WordList{WordClass::explaining,
             "why how explain describe discuss analyze analyse evaluate summarize summarise "
             "outline justify interpret critique argue"},
    WordList{WordClass::making,
             "write create implement generate make build design draft compose program code "
             "refactor fix translate rewrite convert list give provide develop produce"},
    WordList{WordClass::mathematics,
             "calculate compute find solve determine evaluate prove equation function integral "
             "derivative sum product probability polynomial matrix vector graph theorem modulo "
             "prime angle radius triangle circle velocity mass energy force temperature pressure "
             "volume area field group ring"},
    WordList{WordClass::supposing,
             "if then suppose assume given let because therefore since thus hence assuming "
             "consider whether unless provided"},
    WordList{WordClass::amounts,
             "many much number amount some several few both another one two "
             "three four five six seven eight nine ten"},
    WordList{WordClass::durations,
             "day days daily week weeks weekly month months monthly year years hour hours minute "
             "minutes second seconds today tomorrow yesterday"},
    WordList{WordClass::money,
             "dollar dollars cent cents cost costs price pay paid buy buys bought sell sells sold "
             "spend spent earn earns money"},
    WordList{WordClass::units,
             "mile miles foot feet inch inches pound pounds ounce ounces gallon gallons meter "
             "meters km kg gram grams liter liters mph"},
    WordList{WordClass::sequence, "after before until"},
    WordList{WordClass::beginnings, "initially started start originally beginning first"},
    WordList{WordClass::joining, "and"},
    WordList{WordClass::contrast, "but while only except however"},
    WordList{WordClass::persons,
             "he she him her his hers they them their theirs himself herself themselves"},
    WordList{WordClass::you_and_me, "i me my mine we us our you your yours myself yourself"},
    WordList{WordClass::duty,
             "should would could might may must ought shall wrong right moral morally ethical duty "
             "legal law court rights"},
    WordList{WordClass::judging,
             "following statement statements true correct likely described best option options "
             "answer choice choose select according"},
    WordList{WordClass::function_words,
             "of in to is are was were be been it its for on with that by at from or has have "
             "had do does did so into about out up also there can will"},
    WordList{WordClass::definite, "the this these those"},
    WordList{WordClass::indefinite, "a an"},
    WordList{WordClass::small_talk,
             "hi hello hey thanks thank please ok okay yes yeah yep sure great cool bye lol sorry "
             "good morning evening"},
    WordList{WordClass::code_word,
             "def class import include return const var int void struct public private static "
             "null elif foreach println printf async await lambda typedef namespace std"},
    WordList{WordClass::label, "question q passage premise context sentence text title problem"},
};

constexpr std::size_t slots = 1024;  // a power of two, a third full; 4 KB stay in the cache

/// 26 bits of the hash and the class: a word outside of the lists is taken for one of them about
/// once in five million.
using Slot = std::uint32_t;
constexpr Slot class_bits = 0x3FU;

constexpr Slot slot_for(std::uint64_t hash, WordClass kind)
{
    return (static_cast<Slot>(hash >> 32U) & ~class_bits) | static_cast<Slot>(kind);
}

constexpr std::size_t place_of(std::uint64_t hash)
{
    return static_cast<std::size_t>(hash % slots);
}

constexpr bool same_word(Slot a, Slot b)
{
    return ((a ^ b) & ~class_bits) == 0;
}

constexpr std::array<Slot, slots> make_table()
{
    std::array<Slot, slots> table{};
    for (const auto& list : lists) {
        for (std::size_t begin = 0; begin < list.words.size();) {
            const auto end = std::min(list.words.find(' ', begin), list.words.size());
            const auto hash = fnv1a(list.words.substr(begin, end - begin));
            const auto slot = slot_for(hash, list.kind);
            auto at = place_of(hash);
            while (table[at] != 0 && !same_word(table[at], slot))
                at = (at + 1) % slots;
            if (table[at] == 0)  // the first list that names a word has it
                table[at] = slot;
            begin = end + 1;
        }
    }
    return table;
}

constexpr auto table = make_table();
static_assert(static_cast<Slot>(WordClass::count_) <= class_bits);

}  // namespace

WordClass word_class(std::uint64_t hash) noexcept
{
    const auto wanted = slot_for(hash, WordClass::none);
    for (auto at = place_of(hash);; at = (at + 1) % slots) {
        const auto slot = table[at];
        if (slot == 0)
            return WordClass::none;
        if (same_word(slot, wanted))
            return static_cast<WordClass>(slot & class_bits);
    }
}

}  // namespace spillway::score
