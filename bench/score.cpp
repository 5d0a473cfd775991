// bench_score: time of one score (extract and score) by size of the prompt, on one core.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "spillway/score/score.hpp"

namespace {

using namespace spillway::score;

constexpr const char* english =
    "A factory ships 240 boxes every day, and each of them holds 12 bottles. Two of five "
    "customers return half of what they bought within a week; how many bottles does the factory "
    "get back in April? Explain which assumptions you made.\nA. 1,200\nB. 17,280\nC. 34,560\n"
    "The manager, Ms. Okafor, disagrees: \"it cannot be more than 9%\". Why would she say so? ";
constexpr const char* chinese =
    "工厂每天运出二百四十箱，每箱十二瓶。五分之二的顾客在一周内退回一半，四月份工厂收回多少瓶？请解"
    "释。";

/// `bytes` of prompts that differ from each other: equal ones would teach the branch predictor.
std::vector<std::string> prompts(const char* pattern, std::size_t bytes)
{
    std::vector<std::string> made;
    for (unsigned i = 0; i < 64; ++i) {
        std::string text;
        while (text.size() < bytes) {
            text += pattern;
            text += std::to_string(text.size() * (i + 7) * 2654435761U);
            text += static_cast<char>('a' + i % 26);
        }
        text.resize(bytes);
        std::rotate(text.begin(), text.begin() + (i * 37) % static_cast<long>(bytes), text.end());
        made.push_back(std::move(text));
    }
    return made;
}

void measure(const char* what, const char* pattern, std::size_t bytes)
{
    using clock = std::chrono::steady_clock;
    const auto set = prompts(pattern, bytes);
    const auto& weights = *shipped_weights();
    Extractor extractor;
    std::vector<double> micros;
    float sum = 0;
    for (int round = 0; round < 120; ++round) {
        for (const auto& text : set) {
            const auto begin = clock::now();
            PromptView view;
            view.last_user = text;
            sum += score(weights, extractor.extract(view)).gain;
            const std::chrono::duration<double, std::micro> took = clock::now() - begin;
            if (round >= 20)
                micros.push_back(took.count());
        }
    }
    std::sort(micros.begin(), micros.end());
    std::printf("score %-8s %7zu bytes   best %6.2f us   p50 %6.2f us   p99 %6.2f us   (%g)\n",
                what, bytes, micros.front(), micros[micros.size() / 2],
                micros[micros.size() * 99 / 100], static_cast<double>(sum));
}

}  // namespace

int main()
{
    for (const std::size_t bytes : {100U, 1024U, 4096U, 100U * 1024U})
        measure("English", english, bytes);
    measure("Chinese", chinese, 4096);
}
