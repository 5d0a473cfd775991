#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../../src/dialect/payload.hpp"
#include "require.hpp"
#include "spillway/dialect/prompt_reader.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace {

using namespace spillway;
using namespace spillway::dialect;
using Json = nlohmann::json;

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

/// The strings and long numbers of a JSON text but for its model, by another reader.
class Gathered : public nlohmann::json_sax<Json> {
public:
    std::vector<std::string> strings;
    std::vector<std::string> numbers;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return number(text); }
    bool string(string_t& text) override
    {
        if (!in_model() && !text.empty() && !is_payload(text))
            strings.push_back(text);
        return true;
    }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override
    {
        open_.push_back({true, {}});
        return true;
    }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override
    {
        open_.push_back({false, {}});
        return true;
    }
    bool end_array() override { return close(); }
    bool key(string_t& text) override
    {
        open_.back().key = text;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override
    {
        return false;
    }

private:
    struct Container {
        bool object = false;
        std::string key;
    };

    bool close()
    {
        open_.pop_back();
        return true;
    }
    [[nodiscard]] bool in_model() const { return !open_.empty() && open_.front().key == "model"; }
    /// Numbers straight in the lists of a prompt are tokens.
    [[nodiscard]] bool is_token() const
    {
        const auto& first = open_.front().key;
        return (first == "prompt" || first == "input") &&
               std::none_of(open_.begin() + 1, open_.end(),
                            [](const Container& each) { return each.object; });
    }
    bool number(const std::string& text)
    {
        if (!open_.empty() && text.size() >= 6 && !in_model() && !is_token())
            numbers.push_back(text);
        return true;
    }

    std::vector<Container> open_;
};

/// Words of the protocol, which are not kept.
bool is_kind(const std::string& text)
{
    return text.size() < 24 &&
           std::all_of(
               text.begin(), text.end(),
               [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void check_all_is_there(std::string_view body, const chat::Prompt& prompt)
{
    Gathered all;
    if (!Json::sax_parse(body, &all))
        return;
    const auto has = [&](const auto& holds) {
        return std::any_of(prompt.pieces.begin(), prompt.pieces.end(), holds);
    };
    for (const auto& text : all.strings)
        require(is_kind(text) ||
                has([&](const chat::PromptPiece& piece) { return piece.text == text; }));
    // As they are written: this reader may write a fraction or an exponent otherwise.
    for (const auto& text : all.numbers)
        require(body.find(text) == std::string_view::npos ||
                has([&](const chat::PromptPiece& piece) {
                    return piece.text.find(text) != std::string_view::npos;
                }));
}

}  // namespace

/// Whatever a request says is handed out, by whichever endpoint it came, and the same every time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    static RequestReader requests;
    static PromptReader prompts;
    const Padded body({reinterpret_cast<const char*>(bytes), size});
    const bool accepted = requests.read(body.view(), chat::Endpoint::other).has_value();
    const auto& prompt = prompts.read(body.view());
    std::size_t pieces = 0;
    std::size_t sum = 0;
    for (const auto& piece : prompt.pieces) {
        require(!piece.text.empty());
        for (const char c : piece.text)
            sum += static_cast<unsigned char>(c);
        ++pieces;
    }
    if (accepted)
        check_all_is_there(body.view(), prompt);
    const auto& again = prompts.read(body.view());
    for (const auto& piece : again.pieces)
        for (const char c : piece.text)
            sum -= static_cast<unsigned char>(c);
    require(sum == 0 && again.pieces.size() == pieces);
    return 0;
}
