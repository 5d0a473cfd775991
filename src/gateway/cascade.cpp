#include "spillway/gateway/cascade.hpp"

#include <memory>
#include <utility>

#include "spillway/gateway/verification.hpp"

namespace spillway::gateway {
namespace {

constexpr std::string_view header = "x-spillway-cascade: ";
constexpr std::string_view reason_header = "x-spillway-reason: ";
constexpr std::string_view line_end = "\r\n";

std::string in_reason(std::string_view word)
{
    return word.empty() ? std::string() : "; cascade=" + std::string(word);
}

/// Takes the end `old` off the text's reason and puts `now` there.
void change_end(std::string& text, std::size_t begin, std::size_t end, const std::string& old,
                const std::string& now)
{
    const auto kept = std::string_view(text).substr(begin, end - begin);
    const auto cut = !old.empty() && kept.ends_with(old) ? old.size() : 0;
    text.replace(end - cut, cut, now);
}

void change_lines(std::string& lines, std::string_view old, std::string_view now)
{
    if (const auto at = lines.find(header); at != std::string::npos)
        lines.erase(at, lines.find(line_end, at) + line_end.size() - at);
    if (const auto at = lines.find(reason_header); at != std::string::npos)
        change_end(lines, at, lines.find(line_end, at), in_reason(old), in_reason(now));
    lines.append(header).append(now).append(line_end);
}

/// A whole answer that failed a check.
class HeldWhole final : public HeldAnswer {
public:
    HeldWhole(Attempt& attempt, Answered answer) : attempt_(attempt), answer_(std::move(answer)) {}

    net::Task<void> give() override
    {
        attempt_.end = std::move(answer_);
        co_return;
    }

private:
    Attempt& attempt_;
    Answered answer_;
};

}  // namespace

void show_cascade(InferenceRequest& request, std::string_view word)
{
    if (!request.routing || request.routing->cascade == word)
        return;
    auto routing = std::make_unique<Routing>(*request.routing);
    auto taken = std::make_shared<ledger::RouteTaken>(*routing->taken);
    change_lines(routing->lines, routing->cascade, word);
    change_end(taken->reason, 0, taken->reason.size(), in_reason(routing->cascade),
               in_reason(word));
    routing->taken = std::move(taken);
    routing->cascade = word;
    request.routing = std::move(routing);
}

void verify_whole(Attempt& attempt)
{
    auto* answered = std::get_if<Answered>(&*attempt.end);
    if (answered == nullptr)
        return;
    auto& verification = *attempt.verification;
    const auto& reply = std::get<WholeReply>(answered->parting);
    const auto fault = verification.judge(reply.body);
    if (!fault || !attempt.chain.may_escalate()) {
        verification.word = cascade_word(fault ? "kept" : "verified", fault);
        show_cascade(attempt.request, verification.word);
        return;
    }
    Doubted doubted;
    doubted.fault = *fault;
    doubted.usage = answered->usage;
    doubted.first_token = answered->first_token;
    doubted.engine = answered->engine;
    doubted.held = std::make_unique<HeldWhole>(attempt, std::move(*answered));
    attempt.end = std::move(doubted);
}

}  // namespace spillway::gateway
