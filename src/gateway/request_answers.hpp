#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "field_values.hpp"
#include "spillway/chat/prompt.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/net/http_head.hpp"
#include "spillway/route/route_book.hpp"

namespace spillway::gateway {

/// A request's own answers to the questions of a route. What it is made of outlives it.
class RequestAnswers final : public route::Asked {
public:
    RequestAnswers(const InferenceRequest& request, const net::Fields& fields,
                   const chat::Prompt& prompt)
        : request_(request), fields_(fields), prompt_(prompt)
    {}
    [[nodiscard]] std::span<const chat::PromptPiece> text() const override
    {
        return prompt_.pieces;
    }
    [[nodiscard]] std::vector<std::string_view> header(std::string_view name) const override
    {
        return values_of(fields_, name);
    }
    /// The request's own (`metadata`, `litellm_metadata`), its key's and its team's: what a client
    /// says takes nothing back that its key says.
    [[nodiscard]] std::vector<std::string> metadata(std::string_view path) const override;

private:
    const InferenceRequest& request_;
    const net::Fields& fields_;
    const chat::Prompt& prompt_;
};

}  // namespace spillway::gateway
