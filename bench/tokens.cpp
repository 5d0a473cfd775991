// How fast tokens are counted, by kind of text, in MB/s on one core:
//
//   tests/tokens/corpus.py --raw > documents.bin
//   bench_tokens documents.bin DIRECTORY-OF-VOCABULARIES
//
// Documents of a kind are counted in turn; the best of several rounds is printed, so caches are
// warm.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "spillway/tokens/estimator.hpp"
#include "spillway/tokens/vocabulary.hpp"

namespace {

using namespace spillway::tokens;
using Documents = std::map<std::string, std::vector<std::string>>;

Documents read(const char* file)
{
    Documents documents;
    std::ifstream stream(file, std::ios::binary);
    std::size_t length = 0;
    std::string kind;
    while (stream >> length >> kind) {
        stream.get();
        std::string text(length, '\0');
        stream.read(text.data(), static_cast<std::streamsize>(length));
        documents[kind].push_back(std::move(text));
    }
    return documents;
}

/// Of this thread on its core: what others do on the machine costs caches, but not time.
double cpu_seconds()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// The best of rounds that take a fifth of a second together.
template <class Count>
double megabytes_per_second(const std::vector<std::string>& texts, Count count)
{
    std::size_t bytes = 0;
    for (const auto& text : texts)
        bytes += text.size();
    double best = 1e9;
    const double start = cpu_seconds();
    for (int round = 0; round < 3 || cpu_seconds() - start < 0.2; ++round) {
        const double began = cpu_seconds();
        for (const auto& text : texts)
            count(text);
        best = std::min(best, cpu_seconds() - began);
    }
    return static_cast<double>(bytes) / best / 1e6;
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::cerr << "usage: bench_tokens DOCUMENTS DIRECTORY\n";
        return 2;
    }
    const Documents documents = read(argv[1]);
    std::vector<Counter> counters;
    for (const Family family : {Family::o200k, Family::cl100k}) {
        const auto file =
            std::filesystem::path(argv[2]) / (std::string(name_of(family)) + "_base.tiktoken");
        const double start = cpu_seconds();
        auto vocabulary = Vocabulary::load(family, file);
        if (!vocabulary) {
            std::cerr << vocabulary.error().message() << '\n';
            return 1;
        }
        std::printf("%s: loaded in %.0f ms, %.1f MB\n", std::string(name_of(family)).c_str(),
                    (cpu_seconds() - start) * 1e3,
                    static_cast<double>((*vocabulary)->footprint()) / 1e6);
        counters.emplace_back(std::move(*vocabulary));
    }
    std::printf("%-28s %8s %8s %9s\n", "MB/s", "o200k", "cl100k", "estimate");
    std::int64_t sum = 0;  // keeps the counting from being optimised away
    for (const auto& [kind, texts] : documents) {
        std::printf("%-28s", kind.c_str());
        for (Counter& counter : counters)
            std::printf(" %8.1f", megabytes_per_second(texts, [&](const std::string& text) {
                            sum += spillway::count(counter.count(text));
                        }));
        std::printf(" %9.1f\n", megabytes_per_second(texts, [&](const std::string& text) {
                        sum += spillway::count(Estimator(Family::o200k).estimate(text).tokens);
                    }));
    }
    return sum > 0 ? 0 : 1;
}
