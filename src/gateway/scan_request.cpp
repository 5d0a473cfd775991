#include "scan_request.hpp"

#include <utility>

namespace spillway::gateway {
namespace {

privacy::ClassSet scan_text(const chat::Prompt& prompt, const privacy::Scanner& scanner)
{
    privacy::Scan scan(scanner);
    std::uint32_t message = 0;
    for (const auto& piece : prompt.pieces) {
        if (piece.message != std::exchange(message, piece.message))
            scan.end_message();
        scan.add(piece.text);
        if (scan.complete())
            break;
    }
    return scan.found();
}

}  // namespace

privacy::ClassSet scan_request(const InferenceRequest& request, const chat::Prompt& prompt,
                               const privacy::Scanner& scanner)
{
    auto found =
        request.form == BodyForm::json ? scan_text(prompt, scanner) : scanner.scan(request.body);
    const std::string_view suffix = request.suffix;
    if (const auto query = suffix.find('?'); query != std::string_view::npos)
        found.add(scanner.scan(suffix.substr(query + 1), found));
    return found;
}

}  // namespace spillway::gateway
