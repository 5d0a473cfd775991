#include "spillway/gateway/embedding_call.hpp"

#include <algorithm>
#include <utility>

#include "member_number.hpp"
#include "spillway/dialect/embedding_batch.hpp"

namespace spillway::gateway {
namespace {

/// Of all parts together.
constexpr std::size_t most_vectors = std::size_t{128} * 1024 * 1024;

/// Lets the request look like one part of itself, for whoever writes it down for a deployment.
class PartView {
public:
    PartView(InferenceRequest& request, dialect::EmbeddingPart part)
        : request_(request), part_(std::move(part)), whole_(request.body)
    {
        request_.body = part_.text();
        request_.facts.members.swap(part_.members);
    }
    ~PartView()
    {
        request_.body = whole_;
        request_.facts.members.swap(part_.members);
    }
    PartView(const PartView&) = delete;
    PartView& operator=(const PartView&) = delete;

private:
    InferenceRequest& request_;
    dialect::EmbeddingPart part_;
    std::string_view whole_;
};

/// What a rule sets comes first, then the client's own, then what the deployment adds.
std::optional<std::int64_t> asked_dimensions(const Attempt& attempt)
{
    constexpr std::string_view name = "dimensions";
    for (const auto& parameter : attempt.chain.plan().parameters)
        if (parameter.name == name)
            return number_of(parameter.json);
    if (const auto own = number_at(attempt.request, name))
        return own;
    return attempt.upstream.default_dimensions;
}

void fail(Attempt& attempt, const Error& error)
{
    auto& failure = attempt.end->emplace<chat::Failure>();
    failure.kind = chat::FailureClass::unknown;
    failure.message = error.message();
}

/// Adds a part's usage; where one is a guess, so is the sum.
void add(chat::Usage& sum, const chat::Usage& part, const InferenceRequest& request)
{
    sum.prompt = sum.prompt + part.prompt;
    sum.source = std::min(sum.source, part.source);
    // A guess is of the whole prompt, whatever the part.
    if (sum.source != chat::UsageSource::exact)
        sum.prompt = request.prompt_count;
}

}  // namespace

dialect::VectorWish vector_wish(const Attempt& attempt)
{
    const auto& row = attempt.upstream.embeddings;
    dialect::VectorWish wish;
    wish.encoding = attempt.request.facts.encoding;
    if (const auto asked = asked_dimensions(attempt); asked && *asked > 0)
        wish.dimensions = static_cast<std::size_t>(*asked);
    if (row.cut)
        wish.surplus = dialect::VectorWish::Surplus::cut;
    if (row.normalize)
        wish.length = dialect::VectorWish::Length::unit;
    return wish;
}

std::vector<chat::ByteRange> inputs_to_split(const Attempt& attempt)
{
    const auto& most = attempt.upstream.embeddings.max_batch;
    const auto& request = attempt.request;
    if (!most || request.form != BodyForm::json)
        return {};
    const auto limit = static_cast<std::size_t>(*most);
    // An input takes two bytes at least, with its comma.
    if (request.body.size() <= 2 * limit)
        return {};
    auto inputs = dialect::embedding_inputs(request.facts, request.body);
    if (inputs.size() <= limit)
        inputs.clear();
    return inputs;
}

net::Task<void> run_in_parts(Attempt& attempt, std::vector<chat::ByteRange> inputs)
{
    auto& request = attempt.request;
    const auto batch = static_cast<std::size_t>(*attempt.upstream.embeddings.max_batch);
    dialect::EmbeddingJoin join;
    chat::Usage usage;
    usage.source = chat::UsageSource::exact;
    Answered whole;
    for (std::size_t first = 0; first < inputs.size(); first += batch) {
        const auto count = std::min(batch, inputs.size() - first);
        {
            const PartView part(
                request, dialect::part_of(request.facts, request.body, inputs, first, count));
            co_await run_call(attempt);
        }
        auto* answered = std::get_if<Answered>(&*attempt.end);
        auto* reply = answered != nullptr ? std::get_if<WholeReply>(&answered->parting) : nullptr;
        if (reply == nullptr)
            co_return;
        ++attempt.parts_answered;
        add(usage, answered->usage, request);
        if (auto added = join.add(reply->body, count); !added)
            co_return fail(attempt, added.error());
        if (join.size() > most_vectors)
            co_return fail(
                attempt, Error(Errc::upstream_bad_reply, "the embeddings are larger than 128 MiB"));
        if (first == 0)
            whole = std::move(*answered);
    }
    std::get<WholeReply>(whole.parting).body = std::move(join).take(usage);
    whole.usage = usage;
    attempt.end = std::move(whole);
}

}  // namespace spillway::gateway
