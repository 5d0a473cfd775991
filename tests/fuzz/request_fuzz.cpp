#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "require.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace {

using namespace spillway;
using namespace spillway::dialect;

/// A body that ends where its padding ends, so that the sanitizer sees any byte too far.
struct Padded {
    explicit Padded(std::string_view text)
        : bytes(std::make_unique<char[]>(text.size() + body_padding)), size(text.size())
    {
        text.copy(bytes.get(), text.size());
    }
    [[nodiscard]] std::string_view view() const { return {bytes.get(), size}; }

    std::unique_ptr<char[]> bytes;
    std::size_t size;
};

/// The first byte chooses the endpoint and the deployment's rules.
WireRules rules_of(std::uint8_t choice)
{
    WireRules rules;
    rules.rename_max_completion_tokens = (choice & 4U) != 0;
    rules.no_stream_options = (choice & 8U) != 0;
    if ((choice & 16U) != 0) {
        rules.drop = {"temperature", "stream", "a"};
    }
    if ((choice & 32U) != 0) {
        rules.defaults = {{"max_tokens", "5"}, {"temperature", "0.5"}};
    }
    return rules;
}

void check_edits(const chat::RequestFacts& facts, std::string_view body, std::uint8_t choice,
                 chat::Endpoint endpoint)
{
    const auto usage = (choice & 64U) != 0 ? UsageInjection::ask : UsageInjection::leave;
    const auto edits = plan_edits(facts, body, "up\"stream", rules_of(choice), usage, endpoint);
    std::string edited;
    for (const auto slice : slices(body, edits)) {
        edited += slice;
    }
    RequestReader reader;
    const Padded again(edited);
    // Pass-through has no required members, so that dropping one cannot be held against the edit.
    const auto read = reader.read(again.view(), chat::Endpoint::other);
    require(read && read->model == "up\"stream");
    // A second parser: it refuses lone surrogates and numbers above 1e308, which we pass on.
    require(!nlohmann::json::accept(body) || nlohmann::json::accept(edited));
}

}  // namespace

/// Whatever is accepted stays valid JSON under every set of rules and names the deployment's model.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const auto choice = bytes[0];
    const auto endpoint = static_cast<chat::Endpoint>(choice & 3U);
    const Padded body({reinterpret_cast<const char*>(bytes) + 1, size - 1});
    static RequestReader reader;
    const auto facts = reader.read(body.view(), endpoint);
    if (facts) {
        require(!facts->model.empty());
        check_edits(*facts, body.view(), choice, endpoint);
    } else {
        require(facts.error().origin() == Origin::client);
    }
    (void)read_multipart(body.view(), "multipart/form-data; boundary=b");
    return 0;
}
