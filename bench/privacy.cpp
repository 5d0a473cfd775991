// bench_privacy [TEXTS]: speed of the privacy scan on one core.
//
// TEXTS is a file of texts divided by NUL bytes: then the share of texts in which each class fires
// is printed as well, which on clean text is the rate of false alarms.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/privacy/scanner.hpp"

namespace {

using namespace spillway::privacy;

/// Time of this process on a core: others may keep the machine busy.
double cpu_seconds()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string repeated(std::string_view unit, std::size_t size)
{
    std::string text;
    while (text.size() < size) {
        text += unit;
    }
    text.resize(size);
    return text;
}

/// Best of several rounds, in seconds for one scan.
double seconds(const Scanner& scanner, std::string_view text)
{
    double best = 1e9;
    for (int round = 0; round < 7; ++round) {
        int scans = 0;
        const auto start = cpu_seconds();
        double spent = 0;
        std::size_t found = 0;
        do {
            found += scanner.scan(text).size();
            ++scans;
            spent = cpu_seconds() - start;
        } while (spent < 0.02);
        best = std::min(best, spent / scans + (found == static_cast<std::size_t>(-1) ? 1 : 0));
    }
    return best;
}

void report(const Scanner& scanner, std::string_view what, std::string_view text)
{
    const auto spent = seconds(scanner, text);
    std::printf("%-34s %8.1f MB/s  %9.1f us for %zu KB  %s\n", std::string(what).c_str(),
                static_cast<double>(text.size()) / spent / 1e6, spent * 1e6, text.size() / 1024,
                scanner.names().list(scanner.scan(text)).c_str());
}

void report_rates(const Scanner& scanner, const std::vector<std::string_view>& texts)
{
    std::vector<std::size_t> fired(most_classes);
    std::size_t any = 0;
    for (const auto text : texts) {
        const auto found = scanner.scan(text);
        any += found.empty() ? 0U : 1U;
        found.each([&fired](ClassId id) { ++fired[static_cast<std::size_t>(id)]; });
    }
    const auto share = [&texts](std::size_t count) {
        return 100.0 * static_cast<double>(count) / static_cast<double>(texts.size());
    };
    std::printf("\n%zu texts, any class in %zu (%.3f %%)\n", texts.size(), any, share(any));
    scanner.classes().each([&](ClassId id) {
        if (const auto count = fired[static_cast<std::size_t>(id)]; count != 0) {
            std::printf("  %-20s %6zu  %.3f %%\n", std::string(scanner.names().of(id)).c_str(),
                        count, share(count));
        }
    });
}

}  // namespace

int main(int argc, char** argv)
{
    const auto scanner = Scanner::build(Rules{}).value();
    constexpr std::size_t request = 100 * 1024;
    constexpr std::size_t large = 1024 * 1024;
    constexpr std::string_view english =
        "The committee met in the old library on a grey morning and talked at length about the "
        "roof, "
        "which had leaked since the spring. Nobody could say who had last looked at the gutters, "
        "and "
        "the treasurer, a patient man with a long memory, remarked that a new one would cost less "
        "than the buckets. It was agreed to ask three builders for their price before winter.\n";
    constexpr std::string_view code =
        "static int parse_line(const char* begin, const char* end, struct row* out)\n{\n"
        "    for (size_t i = 0; i < 42 && begin + i < end; ++i) {\n        out->cells[i] = "
        "begin[i] == ':' ? "
        "table[i] : 0x7f;\n        printf(\"%d: %s\\n\", (int)i, out->name);\n    }\n    return "
        "0;\n}\n";
    report(scanner, "English, 1 KB", repeated(english, 1024));
    report(scanner, "English, 100 KB", repeated(english, request));
    report(scanner, "code, 100 KB", repeated(code, request));
    report(scanner, "Chinese, 100 KB",
           repeated("委员会在旧图书馆开会，讨论屋顶漏水的问题，没有人知道原因。", request));
    report(scanner, "Russian, 100 KB",
           repeated("Комитет собрался утром и долго говорил о крыше. ", request));
    report(scanner, "numbers, 100 KB", repeated("1024 3.14159 2024-11-21 88.5 1,250 17 ", request));
    report(scanner, "JSON with escapes, 100 KB",
           repeated(R"({"id": 17, "text": "a line\nand \"more\""}, )", request));
    for (const std::string_view unit : {"7",
                                        "1 ",
                                        "11 ",
                                        "1.1.",
                                        "1a",
                                        "@",
                                        "a@",
                                        "a@a.",
                                        "eyJ",
                                        "eyJ.",
                                        " ",
                                        "sk-",
                                        "=",
                                        "password=",
                                        "://a:",
                                        "%41",
                                        "\\u0034",
                                        "\xEF\xBC\x94",
                                        "\xE2\x80\x8B",
                                        "+49 ",
                                        "DE12 ",
                                        "123456782 ",
                                        "ssn 123456782 ",
                                        "top ",
                                        "strictly ",
                                        "-----BEGIN ",
                                        "private key ",
                                        "4111 1111 1111 1112 ",
                                        "password is "}) {
        report(scanner, "1 MB of '" + std::string(unit) + "'", repeated(unit, large));
    }
    if (argc < 2) {
        return 0;
    }
    std::ifstream file(argv[1], std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::vector<std::string_view> texts;
    for (std::size_t begin = 0; begin < all.size();) {
        const auto end = std::min(all.find('\0', begin), all.size());
        texts.push_back(std::string_view(all).substr(begin, end - begin));
        begin = end + 1;
    }
    report_rates(scanner, texts);
    return 0;
}
