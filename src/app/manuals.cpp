#include "spillway/app/manuals.hpp"

#include "spillway/base/error_code.hpp"

namespace spillway::app {

namespace {

std::string_view word_for(Origin origin)
{
    switch (origin) {
        case Origin::client:
            return "the client";
        case Origin::upstream:
            return "an upstream";
        case Origin::gateway:
            return "spillway";
    }
    return "";
}

}  // namespace

std::string errors_manual()
{
    std::string out =
        "# Errors\n\n"
        "Every error has OpenAI's body, always with these four keys:\n\n"
        "```json\n"
        "{\"error\": {\"message\": \"...\", \"type\": \"...\", \"param\": null, \"code\": "
        "\"...\"}}\n"
        "```\n\n"
        "`x-should-retry: false` comes with it when our own retries and fallbacks are spent "
        "already, and\n"
        "`Retry-After` when waiting can help. This page is printed from the table in\n"
        "`src/base/error_code.cpp`.\n\n"
        "| `code` | status | `type` | who can fix it | meaning |\n"
        "| --- | --- | --- | --- | --- |\n";
    for (const auto& row : error_table()) {
        out += "| `" + std::string(row.name) + "` | " + std::to_string(row.status) + " | `" +
               std::string(row.type) + "` | " + std::string(word_for(row.origin)) + " | " +
               std::string(row.sentence) + " |\n";
    }
    return out;
}

}  // namespace spillway::app
