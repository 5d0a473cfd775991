#include "spillway/net/body_decoder.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "spillway/base/text.hpp"

namespace spillway::net {

namespace {

constexpr std::size_t always_allowed = std::size_t{1024} * 1024;
constexpr std::size_t most_expansion = 100;
/// Windows of 8 MB at most: what RFC 8878 asks every decoder to have, and no more.
constexpr int zstd_window_log = 23;

enum class Progress : std::uint8_t { more, done, bad };

/// Where decompressed bytes go: grows by doubling up to the bound.
class Output {
public:
    Output(std::size_t bound, std::size_t padding, std::size_t first, BlockPool& blocks)
        : bound_(bound),
          padding_(padding),
          block_(blocks.take(std::clamp(first, BlockPool::small, BlockPool::large)))
    {}
    /// Never more than the bound and one byte, which tells "full" from "exactly full".
    [[nodiscard]] std::size_t room() const noexcept
    {
        return std::min(block_.size() - padding_, bound_ + 1) - size_;
    }
    [[nodiscard]] char* end() const noexcept { return block_.bytes() + size_; }
    void wrote(std::size_t bytes) noexcept { size_ += bytes; }
    [[nodiscard]] bool over() const noexcept { return size_ > bound_; }
    void make_room()
    {
        if (room() == 0 && !over())
            block_.grow(std::min(block_.size() * 2, bound_ + 1 + padding_), size_);
    }
    [[nodiscard]] Decoded take() { return Decoded{std::move(block_), size_}; }

private:
    std::size_t bound_;
    std::size_t padding_;
    std::size_t size_ = 0;
    Block block_;
};

class Gzip {
public:
    explicit Gzip(std::string_view bytes)
    {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK;  // 16: gzip only
    }
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;
    ~Gzip() { inflateEnd(&stream_); }

    Progress step(Output& out)
    {
        if (!ready_)
            return Progress::bad;
        const std::size_t room = out.room();
        stream_.next_out = reinterpret_cast<Bytef*>(out.end());
        stream_.avail_out = static_cast<uInt>(room);
        const int result = inflate(&stream_, Z_NO_FLUSH);
        out.wrote(room - stream_.avail_out);
        if (result == Z_STREAM_END)
            return stream_.avail_in == 0 ? Progress::done : next_member();
        const bool moved = stream_.avail_out == 0 || stream_.avail_in != 0;
        return result == Z_OK && moved ? Progress::more : Progress::bad;
    }

private:
    Progress next_member()
    {
        return inflateReset(&stream_) == Z_OK ? Progress::more : Progress::bad;
    }

    z_stream stream_{};
    bool ready_ = false;
};

class Zstd {
public:
    explicit Zstd(std::string_view bytes)
        : state_(ZSTD_createDCtx(), &ZSTD_freeDCtx), in_{bytes.data(), bytes.size(), 0}
    {
        if (state_ != nullptr)
            ZSTD_DCtx_setParameter(state_.get(), ZSTD_d_windowLogMax, zstd_window_log);
    }

    Progress step(Output& out)
    {
        if (state_ == nullptr)
            return Progress::bad;
        ZSTD_outBuffer target{out.end(), out.room(), 0};
        const std::size_t before = in_.pos;
        const std::size_t left = ZSTD_decompressStream(state_.get(), &target, &in_);
        out.wrote(target.pos);
        if (ZSTD_isError(left) != 0)
            return Progress::bad;
        if (left == 0 && in_.pos == in_.size)
            return Progress::done;
        const bool moved = target.pos != 0 || in_.pos != before;
        return moved ? Progress::more : Progress::bad;
    }

private:
    std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> state_;
    ZSTD_inBuffer in_;
};

template <class Decoder>
Result<Decoded> run(Decoder decoder, Output out)
{
    for (Progress progress = Progress::more; progress == Progress::more;) {
        progress = decoder.step(out);
        if (progress == Progress::bad)
            return fail(Errc::bad_encoding, "the compressed body does not decode");
        if (out.over())
            return fail(Errc::body_too_large, "the body is too large when decompressed");
        out.make_room();
    }
    return out.take();
}

}  // namespace

Result<Coding> content_coding(const Fields& fields)
{
    std::string_view named;
    int count = 0;
    for (const Field& field : fields) {
        if (!iequals(field.name, "content-encoding"))
            continue;
        named = field.value;
        ++count;
    }
    if (count == 0 || (count == 1 && (named.empty() || iequals(named, "identity"))))
        return Coding::identity;
    if (count == 1 && (iequals(named, "gzip") || iequals(named, "x-gzip")))
        return Coding::gzip;
    if (count == 1 && iequals(named, "zstd"))
        return Coding::zstd;
    return fail(Errc::unsupported_encoding,
                "Content-Encoding must be gzip, zstd or identity, and only one");
}

Result<Decoded> decode_body(Coding coding, std::string_view bytes, std::size_t limit,
                            std::size_t padding, BlockPool& blocks)
{
    const std::size_t bound =
        std::min(limit, std::max(always_allowed, bytes.size() * most_expansion));
    Output out{bound, padding, bytes.size() * 4, blocks};
    if (coding == Coding::gzip) {
        const auto decoder = std::make_unique<Gzip>(bytes);
        return run<Gzip&>(*decoder, std::move(out));
    }
    Zstd decoder{bytes};
    return run<Zstd&>(decoder, std::move(out));
}

}  // namespace spillway::net
