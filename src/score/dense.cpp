#include "spillway/score/dense.hpp"

#include <array>

namespace spillway::score {

namespace {

constexpr std::array<DenseWords, dense_count> rows{{
    {"bytes", "long prompt", "short prompt"},
    {"words", "many words", "few words"},
    {"lines", "many lines", "few lines"},
    {"sentences", "many sentences", "few sentences"},
    {"word_length", "long words", "short words"},
    {"long_words", "many long words", "few long words"},
    {"very_long_words", "very long words", "no very long words"},
    {"longest_word", "a very long word", "no long word"},
    {"distinct_words", "varied wording", "repeated wording"},
    {"words_per_line", "long lines", "short lines"},
    {"words_per_sentence", "long sentences", "short sentences"},
    {"blank_lines", "many paragraphs", "one paragraph"},
    {"upper_case", "many capitals", "few capitals"},
    {"capitalised", "many names", "few names"},
    {"acronyms", "abbreviations", "no abbreviations"},
    {"digits", "many digits", "few digits"},
    {"blanks", "much white space", "dense text"},
    {"punctuation", "much punctuation", "little punctuation"},
    {"other_scripts", "characters outside ASCII", "plain ASCII"},
    {"numbers", "many numbers", "few numbers"},
    {"longest_number", "long numbers", "no long numbers"},
    {"decimals", "decimal fractions", "no decimal fractions"},
    {"commas", "many commas", "few commas"},
    {"full_stops", "many full stops", "few full stops"},
    {"question_marks", "several questions", "no question mark"},
    {"colons", "many colons", "few colons"},
    {"quotes", "quotations", "no quotations"},
    {"brackets", "many brackets", "few brackets"},
    {"braces", "braces", "no braces"},
    {"operators", "formulas", "no formulas"},
    {"money", "dollar signs", "no dollar signs"},
    {"percent", "percentages", "no percentages"},
    {"backslashes", "backslashes", "no backslashes"},
    {"backticks", "code marks", "no code marks"},
    {"hyphens", "many hyphens", "few hyphens"},
    {"bars", "table or code marks", "no table or code marks"},
    {"gaps", "gaps to fill", "no gaps to fill"},
    {"options", "answers to choose from", "no answers to choose from"},
    {"option_length", "long answers to choose from", "short answers to choose from"},
    {"option_spread", "answers of uneven length", "answers of even length"},
    {"numeric_options", "numbers to choose from", "no numbers to choose from"},
    {"bullets", "a list", "no list"},
    {"code_lines", "code block", "no code"},
    {"ends_asking", "ends with a question", "does not end with a question"},
    {"ends_with_colon", "ends with a colon", "does not end with a colon"},
    {"negation", "negations", "few negations"},
    {"comparison", "comparisons", "few comparisons"},
    {"rates", "rates and fractions", "few rates and fractions"},
    {"which_words", "asks for a fact", "does not ask for a fact"},
    {"explaining", "asks for an explanation", "does not ask for an explanation"},
    {"making", "asks to make something", "does not ask to make something"},
    {"mathematics", "words of mathematics", "few words of mathematics"},
    {"supposing", "conditions and reasons", "few conditions and reasons"},
    {"amounts", "amounts", "few amounts"},
    {"time_and_money", "time or money", "no time or money"},
    {"persons", "about persons", "not about persons"},
    {"you_and_me", "about you or me", "not about you or me"},
    {"duty", "duties and rights", "few duties and rights"},
    {"judging", "statements to judge", "few statements to judge"},
    {"function_words", "plain sentences", "terse wording"},
    {"small_talk", "small talk", "no small talk"},
    {"starts_which", "starts with a question word", "starts without a question word"},
    {"starts_making", "starts with an order", "starts without an order"},
    {"starts_article", "starts with a thing", "starts without an article"},
    {"starts_supposing", "starts with a condition", "starts without a condition"},
    {"starts_person", "starts with a person", "starts without a person"},
    {"starts_label", "starts with a label", "starts without a label"},
    {"turns", "long conversation", "short conversation"},
    {"tool_results", "many tool results", "few tool results"},
    {"tools", "many tools offered", "few tools offered"},
    {"images", "images", "no images"},
    {"schema", "answer must fit a schema", "answer has no schema"},
    {"answer_limit", "long answer allowed", "short answer demanded"},
    {"history_bytes", "long history", "short history"},
    {"system_bytes", "long system prompt", "short system prompt"},
}};

}  // namespace

const DenseWords& describe(Dense which) noexcept
{
    return rows[static_cast<std::size_t>(which)];
}

}  // namespace spillway::score
