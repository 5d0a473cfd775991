#include "scan_request.hpp"

#include <algorithm>
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

/// What the client wrote into the head that goes upstream. Of a path each segment is read by
/// itself: a number behind `/1/` is no part of a longer one. Of lines the names are ours, and
/// `idempotency-key:` would make a secret of every id behind it.
void scan_head(const InferenceRequest& request, const privacy::Scanner& scanner,
               privacy::ClassSet& found)
{
    const std::string_view suffix = request.suffix;
    const auto query = std::min(suffix.find('?'), suffix.size());
    auto path = suffix.substr(0, query);
    // Of other endpoints the path is one of a few words.
    while (request.endpoint() == chat::Endpoint::other && !path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        found.add(scanner.scan(path.substr(0, end), found));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    if (query < suffix.size())
        found.add(scanner.scan(suffix.substr(query + 1), found));
    for (std::string_view lines = request.forwarded; !lines.empty();) {
        const auto end = std::min(lines.find('\n'), lines.size());
        const auto line = lines.substr(0, end);
        found.add(scanner.scan(line.substr(std::min(line.find(':'), line.size() - 1) + 1), found));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
}

}  // namespace

privacy::ClassSet scan_request(const InferenceRequest& request, const chat::Prompt& prompt,
                               const privacy::Scanner& scanner)
{
    auto found =
        request.form == BodyForm::json ? scan_text(prompt, scanner) : scanner.scan(request.body);
    scan_head(request, scanner, found);
    return found;
}

}  // namespace spillway::gateway
