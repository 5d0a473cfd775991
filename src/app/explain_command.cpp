#include "spillway/app/explain_command.hpp"

#include <filesystem>
#include <istream>
#include <iterator>
#include <map>
#include <ostream>

#include "compiled_config.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/explain.hpp"
#include "spillway/gateway/front.hpp"
#include "spillway/gateway/read_request.hpp"
#include "spillway/ledger/comparison_writer.hpp"
#include "spillway/tokens/calibration.hpp"

namespace spillway::app {

namespace {

/// Reads the body, with room behind it that the reader may read past the end.
Result<void> read_body(std::istream& in, std::size_t most, std::string& body)
{
    body.reserve(dialect::body_padding);
    std::string piece(64 * 1024, '\0');
    while (in) {
        in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        body.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        if (body.size() > most)
            return fail(Errc::body_too_large, "the request is larger than server.max_body");
    }
    body.reserve(body.size() + dialect::body_padding);
    return {};
}

Result<net::RequestHead> read_headers(const std::vector<std::string>& headers)
{
    net::RequestHead head;
    head.method = net::Method::post;
    head.path = head.target = "/v1/chat/completions";
    for (const std::string_view header : headers) {
        const auto equals = header.find('=');
        if (equals == 0 || equals == std::string_view::npos)
            return fail(Errc::invalid_request,
                        "'" + printable(header) + "' is no header: write --header name=value");
        const net::Field field{header.substr(0, equals), trimmed(header.substr(equals + 1))};
        if (!head.fields.add(field))
            return fail(Errc::invalid_request, "too many headers");
    }
    return head;
}

/// A key that is offered says who asks; without one it is whoever may.
Result<chat::Caller> caller_of(const net::RequestHead& head, const gateway::Snapshot& snapshot)
{
    static const keys::Grants none;
    for (const auto name : {"authorization", "x-api-key", "api-key", "x-litellm-api-key"})
        if (!head.fields[name].empty())
            return gateway::authenticate(head, snapshot, {none}, SystemClock().wall());
    return chat::Caller{};
}

/// What a daemon has learned of its models' tokens; nothing where no ledger can be read.
std::map<std::string, tokens::Calibration> calibrations(const std::string& ledger)
{
    std::map<std::string, tokens::Calibration> all;
    std::error_code error;
    if (!std::filesystem::is_regular_file(ledger, error))
        return all;
    for (const auto& [model, row] : ledger::read_calibrations(ledger))
        if (auto known = tokens::Calibration::from_row(row))
            all.emplace(model, *std::move(known));
    return all;
}

Result<std::string> explain_body(std::string_view body, const net::RequestHead& head,
                                 std::shared_ptr<const gateway::Snapshot> snapshot)
{
    auto caller = caller_of(head, *snapshot);
    if (!caller)
        return fail(std::move(caller).error());
    dialect::RequestReader reader;
    auto facts = reader.read(body, chat::Endpoint::chat);
    if (!facts)
        return fail(std::move(facts).error());
    if (auto taken = gateway::take_header_tags(head.fields, *facts); !taken)
        return fail(std::move(taken).error());
    const SystemClock clock;
    gateway::InferenceRequest request;
    request.arrival.snapshot = std::move(snapshot);
    request.arrival.caller = *caller;
    request.arrival.endpoint = chat::Endpoint::chat;
    request.arrival.started = clock.wall();
    request.received = clock.now();
    request.body = body;
    request.facts = *std::move(facts);
    gateway::Describer describer;
    describer.counter.adopt(calibrations(request.arrival.snapshot->config.ledger.path));
    route::FleetView fleet;
    // The first time everything is cold, which no request of a daemon is.
    (void)gateway::explain(request, head.fields, describer, fleet, {});
    return gateway::explain(request, head.fields, describer, fleet, {});
}

}  // namespace

int explain_request(const ExplainRequest& wish, std::istream& in, std::ostream& out,
                    std::ostream& problems)
{
    const auto complain = [&](const Error& error) {
        problems << "spillway: " << error.message() << '\n';
        return 1;
    };
    const auto head = read_headers(wish.headers);
    if (!head)
        return complain(head.error());
    const auto compiled = compile_config(wish.config, problems);
    if (!compiled)
        return 1;
    std::string body;
    const auto read = read_body(in, compiled->snapshot->config.server.max_body, body);
    if (!read)
        return complain(read.error());
    const auto explained = explain_body(body, *head, compiled->snapshot);
    if (!explained)
        return complain(explained.error());
    out << (wish.json ? *explained + "\n" : explanation_text(*explained));
    return explained->find("\n  \"error\": {") == std::string::npos ? 0 : 1;
}

}  // namespace spillway::app
