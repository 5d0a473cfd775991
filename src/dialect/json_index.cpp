#include <simdjson.h>

#include <algorithm>
#include <limits>

#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {
namespace {

/// Texts above this size do not leave their scratch memory behind.
constexpr std::size_t keep_scratch = 256 * 1024;
constexpr std::size_t smallest_scratch = 4096;

JsonFault fault_of(simdjson::error_code code)
{
    // Every other code belongs to stages that are not run here.
    if (code == simdjson::SUCCESS) {
        return JsonFault::none;
    }
    if (code == simdjson::UTF8_ERROR) {
        return JsonFault::not_utf8;
    }
    if (code == simdjson::UNESCAPED_CHARS) {
        return JsonFault::raw_control;
    }
    if (code == simdjson::UNCLOSED_STRING) {
        return JsonFault::unclosed_string;
    }
    if (code == simdjson::EMPTY) {
        return JsonFault::empty;
    }
    return code == simdjson::CAPACITY || code == simdjson::MEMALLOC ? JsonFault::too_large
                                                                    : JsonFault::bad_token;
}

}  // namespace

struct JsonIndex::Parser {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;

    simdjson::error_code reserve(std::size_t size)
    {
        if (!stage) {
            return simdjson::get_active_implementation()->create_dom_parser_implementation(
                std::max(size, smallest_scratch), 1, stage);
        }
        if (stage->capacity() >= size) {
            return simdjson::SUCCESS;
        }
        return stage->set_capacity(std::max(size, 2 * std::min(stage->capacity(), keep_scratch)));
    }
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {}
JsonIndex::~JsonIndex() = default;

JsonFault JsonIndex::scan(std::string_view text)
{
    if (text.size() >= std::numeric_limits<std::uint32_t>::max() - 64) {
        return JsonFault::too_large;
    }
    if (const auto code = parser_->reserve(text.size()); code != simdjson::SUCCESS) {
        parser_->stage.reset();
        return JsonFault::too_large;
    }
    // Stage 1 alone: its index is all a walker needs, and on-demand, which is built on the same
    // index, neither checks what it skips nor gives offsets.
    return fault_of(parser_->stage->stage1(reinterpret_cast<const std::uint8_t*>(text.data()),
                                           text.size(), simdjson::stage1_mode::regular));
}

std::string_view JsonIndex::copy(std::string_view text)
{
    // Grows and never shrinks here; what an earlier text left behind this one is padding as well.
    if (copy_.size() < text.size() + simdjson::SIMDJSON_PADDING) {
        copy_.resize(std::max(text.size() + simdjson::SIMDJSON_PADDING, smallest_scratch));
    }
    text.copy(copy_.data(), text.size());
    return {copy_.data(), text.size()};
}

std::span<const std::uint32_t> JsonIndex::tokens() const noexcept
{
    if (!parser_->stage) {
        return {};
    }
    return {parser_->stage->structural_indexes.get(), parser_->stage->n_structural_indexes};
}

void JsonIndex::shrink()
{
    if (parser_->stage && parser_->stage->capacity() > keep_scratch) {
        parser_->stage.reset();
    }
    if (copy_.capacity() > keep_scratch) {
        copy_ = std::string();
    }
}

JsonIndex& JsonIndex::of_this_thread()
{
    static thread_local JsonIndex index;
    return index;
}

}  // namespace spillway::dialect
