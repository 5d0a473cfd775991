#include "spillway/base/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace spillway {
namespace {

using Digest = std::array<unsigned char, 32>;

struct FreeDigestState {
    void operator()(EVP_MD_CTX* state) const { EVP_MD_CTX_free(state); }
};

// Fetched once and kept: looking the algorithm up costs more than hashing a key does.
const EVP_MD* sha256_algorithm()
{
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return algorithm;
}

Digest sha256(std::string_view text)
{
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigestState> state{EVP_MD_CTX_new()};
    Digest digest{};
    unsigned length = 0;
    const bool done = state && EVP_DigestInit_ex(state.get(), sha256_algorithm(), nullptr) == 1 &&
                      EVP_DigestUpdate(state.get(), text.data(), text.size()) == 1 &&
                      EVP_DigestFinal_ex(state.get(), digest.data(), &length) == 1;
    if (!done || length != digest.size()) {
        // Without SHA-256 no key can be told from another; there is no safe way to go on.
        std::abort();
    }
    return digest;
}

}  // namespace

Secret::~Secret()
{
    // A moved-from short string still has its characters behind its end: wipe the capacity.
    value_.resize(value_.capacity());
    OPENSSL_cleanse(value_.data(), value_.size());
}

bool equals_secret(std::string_view offered, std::string_view secret) noexcept
{
    // A text of another length is compared with itself: as long a work, and then refused.
    const bool comparable = offered.size() == secret.size();
    const char* const other = comparable ? secret.data() : offered.data();
    const bool equal = CRYPTO_memcmp(offered.data(), other, offered.size()) == 0;
    return comparable && equal;
}

std::string sha256_hex(std::string_view text)
{
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out;
    out.reserve(2 * Digest{}.size());
    for (const unsigned char byte : sha256(text)) {
        out += hex[byte >> 4U];
        out += hex[byte & 0xFU];
    }
    return out;
}

}  // namespace spillway
