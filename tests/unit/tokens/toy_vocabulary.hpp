#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::tokens {

/// A vocabulary trained on a text the way real ones are: all bytes, then the most frequent pair
/// merged again and again. Encodes by definition, in quadratic time: what ours is compared with.
class ToyVocabulary {
public:
    ToyVocabulary(std::string_view text, std::size_t merges)
    {
        for (int byte = 0; byte < 256; ++byte)
            add(std::string(1, static_cast<char>(byte)));
        std::vector<std::string> parts = bytes_of(text);
        for (std::size_t i = 0; i < merges; ++i) {
            std::map<std::pair<std::string, std::string>, int> pairs;
            for (std::size_t at = 0; at + 1 < parts.size(); ++at)
                ++pairs[{parts[at], parts[at + 1]}];
            auto most = pairs.begin();
            for (auto pair = pairs.begin(); pair != pairs.end(); ++pair)
                if (pair->second > most->second)
                    most = pair;
            if (most == pairs.end() || most->second < 2)
                break;
            add(most->first.first + most->first.second);
            parts = merged(std::move(parts));
        }
    }

    /// As the lines of a `.tiktoken` file.
    [[nodiscard]] std::string rank_file() const
    {
        std::string file;
        for (std::size_t rank = 0; rank < tokens_.size(); ++rank)
            file += base64(tokens_[rank]) + ' ' + std::to_string(rank) + '\n';
        return file;
    }

    /// Tokens of one piece.
    [[nodiscard]] std::size_t count(std::string_view piece) const
    {
        if (ranks_.contains(std::string(piece)))
            return 1;
        return merged(bytes_of(piece)).size();
    }

private:
    void add(std::string token)
    {
        ranks_.emplace(token, tokens_.size());
        tokens_.push_back(std::move(token));
    }
    static std::vector<std::string> bytes_of(std::string_view text)
    {
        std::vector<std::string> parts;
        for (const char byte : text)
            parts.emplace_back(1, byte);
        return parts;
    }
    /// Merges the first pair of lowest rank while there is one.
    std::vector<std::string> merged(std::vector<std::string> parts) const
    {
        for (;;) {
            std::size_t best = parts.size();
            std::size_t lowest = tokens_.size();
            for (std::size_t at = 0; at + 1 < parts.size(); ++at) {
                const auto found = ranks_.find(parts[at] + parts[at + 1]);
                if (found != ranks_.end() && found->second < lowest) {
                    lowest = found->second;
                    best = at;
                }
            }
            if (best == parts.size())
                return parts;
            parts[best] += parts[best + 1];
            parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
        }
    }
    static std::string base64(std::string_view bytes)
    {
        constexpr std::string_view alphabet =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string text;
        for (std::size_t at = 0; at < bytes.size(); at += 3) {
            std::uint32_t bits = 0;
            for (std::size_t i = 0; i < 3; ++i)
                bits = bits << 8 |
                       (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0);
            for (std::size_t i = 0; i < 4; ++i)
                text += at + i > bytes.size() ? '=' : alphabet[bits >> (18 - 6 * i) & 63];
        }
        return text;
    }

    std::vector<std::string> tokens_;
    std::map<std::string, std::size_t> ranks_;
};

}  // namespace spillway::tokens
