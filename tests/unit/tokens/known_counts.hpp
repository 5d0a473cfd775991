#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::tokens {

/// A text and its true counts.
struct Known {
    std::string_view text;
    std::int64_t o200k;
    std::int64_t cl100k;
};

/// Counted with OpenAI's tiktoken.
inline constexpr Known known[] = {
    {"The quick brown fox jumps over the lazy dog, and then it explains to the other animals why "
     "routing a request by its length alone is not a good idea at all. They listen politely, ask "
     "two questions, and go home before it gets dark.",
     50, 50},
    {"int main(int argc, char** argv)\n{\n    std::vector<std::string> names(argv + 1, argv + "
     "argc);\n    for (const auto& name : names) {\n        if (name.empty()) {\n            "
     "continue;\n        }\n        std::cout << \"Hello, \" << name << '\\n';\n    }\n    return "
     "0;\n}\n",
     74, 74},
    {"{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"system\", \"content\": \"You are a "
     "helpful assistant.\"}, {\"role\": \"user\", \"content\": \"What is the capital of "
     "France?\"}], \"temperature\": 0.2, \"max_tokens\": 100}",
     63, 63},
    {"Die Bundesregierung hat am Donnerstag neue Regelungen für den öffentlichen Nahverkehr "
     "beschlossen, die ab dem kommenden Jahr gelten sollen. Fahrgäste können dann ihre Fahrkarten "
     "auch über eine gemeinsame Anwendung kaufen.",
     38, 52},
    {"Сегодня утром в городе прошёл сильный дождь, и многие улицы оказались затоплены водой. "
     "Жители просят городские власти быстрее починить старую систему водоотвода.",
     42, 81},
    {"人工智能正在改变我们的生活方式。很多公司已经开始使用大型语言模型来回答客户的问题,"
     "但是如何选择合适的模型仍然是一个困难的问题。我们需要考虑成本、速度和质量。",
     44, 75},
    {"今日はとても天気がいいので、友達と一緒に公園へ行きました。公園には桜の花がたくさん咲いていて"
     "、とてもきれいでした。",
     44, 63},
    {"aGVsbG8gd29ybGQhIFRoaXMgaXMgYSBsb25nIGVub3VnaCBzdHJpbmcgdG8gYmUgZW5jb2RlZCBpbiBiYXNlNjQsIHNvI"
     "HRoYXQgaXQgbG9va3MgbGlrZSBhbiBpbWFnZSBvciBhIGtleS4gMTIzNDU2Nzg5MA==",
     101, 114},
    {"1024,3.14159,2024-01-31\n2048,2.71828,2024-02-29\n4096,1.41421,2024-03-31\n8192,1.73205,2024-"
     "04-30\n",
     60, 60},
    {"https://example.com/api/v2/users/12345/orders?status=open&sort=created_at&page=3\nhttps://"
     "docs.example.org/guides/getting-started/installation#linux\n",
     41, 41},
};

}  // namespace spillway::tokens
