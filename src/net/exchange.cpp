#include "spillway/net/exchange.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "head_bytes.hpp"
#include "spillway/net/server_connection.hpp"

namespace spillway::net {

namespace {

/// Lines of an answer, as a rule; beyond it the text grows as strings do.
constexpr std::size_t usual_size = 1000;

/// CR, LF and NUL become '?': they would end the line or the head.
void defuse(char* bytes, std::size_t size) noexcept
{
    for (char* at = bytes; at != bytes + size; ++at)
        if (*at == '\r' || *at == '\n' || *at == '\0')
            *at = '?';
}

}  // namespace

HeaderLines& HeaderLines::add(std::string_view name, std::string_view value)
{
    const std::size_t begin = text_.size();
    const std::size_t line = name.size() + 2 + value.size();
    if (text_.capacity() < begin + line + 2)
        text_.reserve(std::max(usual_size, 2 * (begin + line)));
    text_.append(line + 2, '\n');
    char* const at = text_.data() + begin;
    name.copy(at, name.size());
    at[name.size()] = ':';
    at[name.size() + 1] = ' ';
    value.copy(at + name.size() + 2, value.size());
    at[line] = '\r';
    // Almost no line holds such a byte, so one quick look finds that out.
    if (has_control({at, line}))
        defuse(at, line);
    return *this;
}

HeaderLines& HeaderLines::add(std::string_view name, std::int64_t value)
{
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return add(name,
               std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

Shard& Exchange::shard() noexcept
{
    return connection_.shard_;
}

const RequestHead& Exchange::head() const noexcept
{
    return connection_.head_;
}

TimePoint Exchange::began() const noexcept
{
    return connection_.began_;
}

std::string Exchange::peer_address() const
{
    const in6_addr& address = connection_.peer_.sin6_addr;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (IN6_IS_ADDR_V4MAPPED(&address))
        ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, &address, text.data(), text.size());
    return text.data();
}

Task<Result<std::string_view>> Exchange::read_body()
{
    return connection_.read_body();
}

void Exchange::release_body() noexcept
{
    connection_.release_body();
}

Task<Result<void>> Exchange::reply(int status, const HeaderLines& headers, std::string_view body)
{
    return connection_.reply(status, headers, body);
}

void Exchange::begin_stream(int status, const HeaderLines& headers)
{
    connection_.begin_stream(status, headers);
}

Task<Result<void>> Exchange::send(std::string_view bytes)
{
    return connection_.send(bytes, ServerConnection::Piece::more);
}

Task<Result<void>> Exchange::send_last(std::string_view bytes)
{
    return connection_.send(bytes, ServerConnection::Piece::last);
}

bool Exchange::client_gone() const noexcept
{
    return connection_.gone_;
}

void Exchange::on_client_gone(std::function<void()> callback)
{
    connection_.on_gone_ = std::move(callback);
    // Already gone: told by the wheel, because here the caller may not be ready for it.
    if ((connection_.gone_ || connection_.aborted_) && connection_.on_gone_)
        connection_.deadline_.expire_at(std::chrono::steady_clock::now());
}

void Exchange::close_after() noexcept
{
    connection_.close_after_ = true;
}

}  // namespace spillway::net
