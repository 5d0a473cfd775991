#include "spillway/net/exchange.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

#include "spillway/net/server_connection.hpp"

namespace spillway::net {

namespace {

/// Appends a value; what would end its line becomes '?'. Almost no value holds such a byte, so one
/// pass finds that out and the replacing is done apart.
void append_safely(std::string& text, std::string_view part)
{
    const auto begin = text.size();
    text.append(part);
    unsigned controls = 0;
    for (const char c : part)
        controls += static_cast<unsigned char>(c) < 0x20 ? 1U : 0U;
    if (controls == 0)
        return;
    for (auto i = begin; i < text.size(); ++i) {
        if (text[i] == '\r' || text[i] == '\n' || text[i] == '\0')
            text[i] = '?';
    }
}

}  // namespace

HeaderLines& HeaderLines::add(std::string_view name, std::string_view value)
{
    append_safely(text_, name);
    text_ += ": ";
    append_safely(text_, value);
    text_ += "\r\n";
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
