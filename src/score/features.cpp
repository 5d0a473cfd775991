#include "spillway/score/features.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "spillway/score/harness.hpp"
#include "text_scan.hpp"

namespace spillway::score {

namespace {

/// Raise when a prompt gives other features than before: old weights are then refused.
constexpr std::uint64_t feature_version = 3;

constexpr std::size_t system_head = 1024;  ///< Bytes of a system prompt that identify it.

constexpr std::array<std::string_view, script_count> script_names{
    "none",  "Latin", "Greek", "Cyrillic", "Hebrew", "Arabic",
    "Indic", "Thai",  "Han",   "kana",     "Hangul", "other"};

template <class Number>
float logged(Number n)
{
    return std::log1p(static_cast<float>(n));
}

template <class Number>
float share(Number part, std::uint32_t whole)
{
    return whole == 0 ? 0.0F : static_cast<float>(part) / static_cast<float>(whole);
}

Script dominant(const TextCounts& counts)
{
    const auto most = std::max_element(counts.letters.begin(), counts.letters.end());
    return *most == 0 ? Script::none : static_cast<Script>(most - counts.letters.begin());
}

class DenseWriter {
public:
    explicit DenseWriter(Features& features) : dense_(features.dense) {}
    float& operator[](Dense which) const { return dense_[static_cast<std::size_t>(which)]; }

private:
    std::span<float, dense_count> dense_;
};

void write_shape(const DenseWriter& out, const TextCounts& counts, const Window& window,
                 std::size_t distinct_words)
{
    const auto bytes = static_cast<std::uint32_t>(window.written);
    out[Dense::bytes] = logged(window.kept);
    out[Dense::words] = logged(counts.words);
    out[Dense::lines] = logged(counts.lines);
    out[Dense::sentences] = logged(counts.sentences);
    out[Dense::word_length] = share(counts.word_bytes, counts.words);
    out[Dense::long_words] = share(counts.long_words, counts.words);
    out[Dense::very_long_words] = share(counts.very_long_words, counts.words);
    out[Dense::longest_word] = logged(counts.longest_word);
    out[Dense::distinct_words] = share(distinct_words, counts.words);
    out[Dense::words_per_line] = logged(share(counts.words, counts.lines));
    out[Dense::words_per_sentence] = logged(share(counts.words, counts.sentences + 1));
    out[Dense::blank_lines] = logged(counts.blank_lines);
    out[Dense::upper_case] = share(counts.upper, bytes);
    out[Dense::capitalised] = share(counts.capitalised, counts.words);
    out[Dense::acronyms] = share(counts.acronyms, counts.words);
    out[Dense::digits] = share(counts.digits, bytes);
    out[Dense::blanks] = share(counts.bytes[' '] + counts.bytes['\n'], bytes);
    out[Dense::punctuation] = share(counts.marks, bytes);
    out[Dense::other_scripts] = share(counts.other_bytes, bytes);
}

void write_marks(const DenseWriter& out, const TextCounts& counts)
{
    const auto count = [&](std::string_view marks) {
        std::uint32_t sum = 0;
        for (const char c : marks)
            sum += counts.bytes[static_cast<unsigned char>(c)];
        return logged(sum);
    };
    out[Dense::numbers] = logged(counts.numbers);
    out[Dense::longest_number] = logged(counts.longest_number);
    out[Dense::decimals] = logged(counts.decimals);
    out[Dense::commas] = count(",");
    out[Dense::full_stops] = count(".");
    out[Dense::question_marks] = count("?");
    out[Dense::colons] = count(":;");
    out[Dense::quotes] = count("\"'");
    out[Dense::brackets] = count("()[]");
    out[Dense::braces] = count("{}");
    out[Dense::operators] = count("=+*/^<>");
    out[Dense::money] = count("$");
    out[Dense::percent] = count("%");
    out[Dense::backslashes] = count("\\");
    out[Dense::backticks] = count("`");
    out[Dense::hyphens] = count("-");
    out[Dense::bars] = count("|&#@~");
    out[Dense::gaps] = logged(counts.gaps);
    out[Dense::options] = logged(counts.options);
    out[Dense::option_length] = logged(share(counts.option_bytes, counts.options));
    out[Dense::option_spread] = logged(counts.longest_option) - logged(counts.shortest_option);
    out[Dense::numeric_options] = share(counts.numeric_options, counts.options);
    out[Dense::options_alike] = counts.options_alike;
    out[Dense::two_options_alike] = counts.two_options_alike;
    out[Dense::bullets] = logged(counts.bullets);
    out[Dense::code_lines] = logged(counts.code_lines + counts.fences);
    out[Dense::ends_asking] = counts.last_mark == '?' ? 1.0F : 0.0F;
    out[Dense::ends_with_colon] = counts.last_mark == ':' ? 1.0F : 0.0F;
}

void write_words(const DenseWriter& out, const TextCounts& counts)
{
    const auto of = [&](auto... kinds) {
        return share((counts.classes[static_cast<std::size_t>(kinds)] + ...), counts.words);
    };
    using enum WordClass;
    out[Dense::negation] = of(negation);
    out[Dense::comparison] = of(comparison, more_or_less, ages);
    out[Dense::rates] = of(rates, multiples, each_one, leftovers, parts);
    out[Dense::which_words] = of(which_words);
    out[Dense::explaining] = of(explaining);
    out[Dense::making] = of(making);
    out[Dense::mathematics] = of(mathematics);
    out[Dense::supposing] = of(supposing);
    out[Dense::amounts] = of(amounts, totals);
    out[Dense::time_and_money] = of(durations, money);
    out[Dense::persons] = of(persons);
    out[Dense::you_and_me] = of(you_and_me);
    out[Dense::duty] = of(duty);
    out[Dense::judging] = of(judging);
    out[Dense::function_words] = of(function_words, definite, indefinite, joining, contrast);
    out[Dense::small_talk] = of(small_talk);
}

void write_steps(const DenseWriter& out, const TextCounts& counts)
{
    const auto of = [&](WordClass kind) {
        return logged(counts.classes[static_cast<std::size_t>(kind)]);
    };
    using enum WordClass;
    out[Dense::more_or_less] = of(more_or_less);
    out[Dense::ages] = of(ages);
    out[Dense::multiples] = of(multiples);
    out[Dense::each_one] = of(each_one);
    out[Dense::leftovers] = of(leftovers);
    out[Dense::parts] = of(parts);
    out[Dense::averages] = of(rates);
    out[Dense::totals] = of(totals);
    out[Dense::supposed] = of(supposing);
    out[Dense::durations] = of(durations);
    out[Dense::money_words] = of(money);
    out[Dense::units] = of(units);
    out[Dense::sequence] = of(sequence);
    out[Dense::beginnings] = of(beginnings);
    out[Dense::joining] = of(joining);
    out[Dense::contrast] = of(contrast);
}

void write_start(const DenseWriter& out, const TextCounts& counts)
{
    const auto starts = [&](WordClass kind) { return counts.first_class == kind ? 1.0F : 0.0F; };
    out[Dense::starts_which] = starts(WordClass::which_words);
    out[Dense::starts_making] =
        starts(WordClass::making) + starts(WordClass::explaining) + starts(WordClass::mathematics);
    out[Dense::starts_definite] = starts(WordClass::definite);
    out[Dense::starts_indefinite] = starts(WordClass::indefinite);
    out[Dense::starts_supposing] = starts(WordClass::supposing);
    out[Dense::starts_person] = starts(WordClass::persons) + starts(WordClass::you_and_me);
    out[Dense::starts_label] = starts(WordClass::label);
}

void write_request(const DenseWriter& out, const PromptView& prompt)
{
    const auto scored = prompt.last_user.size() + prompt.system.size();
    const auto history = prompt.total_bytes > scored ? prompt.total_bytes - scored : 0;
    out[Dense::turns] = logged(prompt.turns);
    out[Dense::tool_results] = logged(prompt.tool_result_turns);
    out[Dense::tools] = logged(prompt.tools);
    out[Dense::images] = logged(prompt.images);
    out[Dense::schema] = prompt.has_schema ? 1.0F : 0.0F;
    out[Dense::answer_limit] = logged(prompt.max_tokens);
    out[Dense::history_bytes] = logged(history);
    out[Dense::system_bytes] = logged(prompt.system.size());
}

}  // namespace

std::string_view name(Script script) noexcept
{
    return script_names[static_cast<std::size_t>(script)];
}

std::uint64_t schema_hash() noexcept
{
    static const auto hash = [] {
        auto sum = (fnv_basis ^ feature_version) * fnv_prime;
        const auto mix = [&](std::uint64_t n) { sum = (sum ^ n) * fnv_prime; };
        mix(bucket_bits);
        mix(system_count);
        mix(window_head);
        mix(window_tail);
        for (std::size_t i = 0; i < dense_count; ++i)
            mix(fnv1a(describe(static_cast<Dense>(i)).key));
        for (const auto tag : harness_tags())
            mix(fnv1a(tag));
        return sum;
    }();
    return hash;
}

std::uint16_t system_prompt_hash(std::string_view system) noexcept
{
    auto hash = fnv_basis;
    for (const char c : system.substr(0, system_head)) {
        const auto byte = static_cast<unsigned char>(c);
        const auto lower = static_cast<unsigned char>(byte | 0x20U);
        if (byte >= 0x80U || (lower >= 'a' && lower <= 'z'))
            hash = (hash ^ (byte >= 0x80U ? byte : lower)) * fnv_prime;
    }
    if (hash == fnv_basis)
        return 0;
    const auto folded = static_cast<std::uint16_t>(hash >> 48U);
    return folded == 0 ? std::uint16_t{1} : folded;
}

Extractor::Extractor()
    : window_(window_bytes),
      seen_(bucket_count / 64),
      buckets_(bucket_count + 1),  // the scan writes one place further than it keeps
      words_(bucket_count + 1)
{
    features_.buckets.reserve(1024);
    features_.words.reserve(512);
}

const Features& Extractor::extract(const PromptView& prompt)
{
    const auto window = cut_harness(prompt.last_user, window_);
    const auto counts = scan_text({window_.data(), window.written}, {seen_, buckets_, words_});
    const auto take = [](const std::vector<std::uint16_t>& from, std::size_t count) {
        return std::span(from).first(count);
    };
    const auto buckets = take(buckets_, counts.buckets);
    const auto words = take(words_, counts.new_words);
    for (const auto bucket : buckets)
        seen_[bucket >> 6U] = 0;
    features_.buckets.assign(buckets.begin(), buckets.end());
    features_.words.assign(words.begin(), words.end());
    const DenseWriter out(features_);
    write_shape(out, counts, window, features_.words.size());
    write_marks(out, counts);
    write_words(out, counts);
    write_steps(out, counts);
    write_start(out, counts);
    write_request(out, prompt);
    features_.system_hash = system_prompt_hash(prompt.system);
    features_.script = dominant(counts);
    return features_;
}

}  // namespace spillway::score
