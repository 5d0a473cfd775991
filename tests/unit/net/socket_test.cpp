#include "spillway/net/socket.hpp"

#include <fcntl.h>

#include <string>

#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::FakeServer;
using testing::Peer;

/// A Socket on the test's own thread, and who is at its other end.
class SocketTest : public ::testing::Test {
protected:
    /// Reads all that is there, waits, and goes on until the end.
    struct Reader {
        Reader(Socket& from, std::size_t most) : socket(from), size(most) {}
        void read()
        {
            while (true) {
                std::string bytes(size, '\0');
                const Transfer step = socket.read_now(bytes.data(), size);
                if (step.moved == Moved::some) {
                    got.append(bytes, 0, step.bytes);
                    continue;
                }
                last = step.moved;
                if (last == Moved::would_block)
                    socket.when_readable([](void* self) { static_cast<Reader*>(self)->read(); },
                                         this);
                return;
            }
        }

        Socket& socket;
        std::size_t size;
        std::string got;
        Moved last = Moved::some;
    };

    SocketTest() : peer_(server_.accept()) { ::fcntl(socket_.descriptor(), F_SETFL, O_NONBLOCK); }

    /// Runs the event loop until `done`; gives up after ten seconds without an event.
    template <class Done>
    [[nodiscard]] bool runs_until(Done done)
    {
        while (!done())
            if (io_.run_one_for(std::chrono::seconds{10}) == 0)
                return false;
        return true;
    }
    /// Takes in what epoll has to say now.
    void turn()
    {
        io_.restart();
        io_.poll();
    }

    static int connected_to(std::uint16_t port)
    {
        const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        return descriptor;
    }

    FakeServer server_;
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
        boost::asio::make_work_guard(io_);
    Socket socket_{io_, connected_to(server_.port())};
    Peer peer_;
    Reader reader_{socket_, 16 * 1024};
};

TEST_F(SocketTest, ReadsBytesOfAllSizesToTheEnd)
{
    std::thread writer{[this] {
        for (std::size_t size = 1; size < 40'000; size += 397)
            peer_.send(std::string(size, 'x'));
        peer_.shut_writing();
    }};
    reader_.read();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::ended; }));
    writer.join();
    std::size_t sent = 0;
    for (std::size_t size = 1; size < 40'000; size += 397)
        sent += size;
    EXPECT_EQ(reader_.got.size(), sent);
}

TEST_F(SocketTest, ReadsOnWhenItsBufferWasFull)
{
    Reader narrow{socket_, 4};
    narrow.read();
    peer_.send("abcdefgh");
    EXPECT_TRUE(runs_until([&] { return narrow.got.size() == 8; }));
    peer_.send("ij");
    EXPECT_TRUE(runs_until([&] { return narrow.got == "abcdefghij"; }));
}

TEST_F(SocketTest, TriesNoReadAfterOneThatTookEverything)
{
    turn();
    peer_.send("first");
    reader_.read();
    ASSERT_TRUE(runs_until([this] { return reader_.got == "first"; }));
    peer_.send("second");
    char byte = 0;
    EXPECT_EQ(socket_.read_now(&byte, 1).moved, Moved::would_block);
    EXPECT_TRUE(runs_until([this] { return reader_.got == "firstsecond"; }));
}

TEST_F(SocketTest, SeesAnEndThatComesWithBytes)
{
    reader_.read();
    turn();
    peer_.send("last words");
    peer_.close();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::ended; }));
    EXPECT_EQ(reader_.got, "last words");
}

TEST_F(SocketTest, SeesAnEndThatCameWithBytesBeforeAnyoneRead)
{
    peer_.send("last words");
    peer_.close();
    reader_.read();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::ended; }));
    EXPECT_EQ(reader_.got, "last words");
}

TEST_F(SocketTest, SeesAResetThatComesWithBytes)
{
    reader_.read();
    turn();
    peer_.send("last words");
    peer_.reset();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::failed; }));
}

TEST_F(SocketTest, SeesAResetThatCameWithBytesBeforeAnyoneRead)
{
    peer_.send("last words");
    peer_.reset();
    reader_.read();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::failed; }));
}

TEST_F(SocketTest, SeesAResetThatComesAfterTheBytes)
{
    reader_.read();
    peer_.send("bytes");
    ASSERT_TRUE(runs_until([this] { return reader_.got == "bytes"; }));
    peer_.reset();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::failed; }));
}

TEST_F(SocketTest, SeesAnEndThatTheLoopTookInWhileNobodyWaited)
{
    peer_.send("last words");
    peer_.close();
    turn();
    reader_.read();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::ended; }));
}

TEST_F(SocketTest, SeesAResetBehindAnInterruptedWait)
{
    int woken = 0;
    socket_.when_readable([](void* count) { ++*static_cast<int*>(count); }, &woken);
    socket_.interrupt();
    ASSERT_TRUE(runs_until([&] { return woken == 1; }));
    reader_.read();
    peer_.send("last words");
    peer_.reset();
    EXPECT_TRUE(runs_until([this] { return reader_.last == Moved::failed; }));
}

TEST_F(SocketTest, ReadsOnBehindUrgentBytes)
{
    reader_.read();
    turn();
    peer_.send("before");
    ::send(peer_.descriptor(), "!", 1, MSG_OOB);
    peer_.send("behind");
    EXPECT_TRUE(runs_until([this] { return reader_.got == "beforebehind"; }));
    EXPECT_FALSE(socket_.hung_up());
}

TEST_F(SocketTest, KnowsThatThePeerEndedWithoutReadingUpToThere)
{
    int woken = 0;
    socket_.when_readable([](void* count) { ++*static_cast<int*>(count); }, &woken);
    peer_.send("unread");
    ASSERT_TRUE(runs_until([&] { return woken == 1; }));
    EXPECT_FALSE(socket_.hung_up());
    socket_.when_readable([](void* count) { ++*static_cast<int*>(count); }, &woken);
    peer_.close();
    EXPECT_TRUE(runs_until([this] { return socket_.hung_up(); }));
    EXPECT_TRUE(runs_until([&] { return woken == 2; }));
}

TEST_F(SocketTest, WakesItsWaitersWhenItIsClosed)
{
    int woken = 0;
    const auto count = [](void* of) { ++*static_cast<int*>(of); };
    socket_.when_readable(count, &woken);
    socket_.close();
    EXPECT_EQ(woken, 0);
    EXPECT_TRUE(runs_until([&] { return woken == 1; }));
    EXPECT_EQ(socket_.read_now(nullptr, 0).moved, Moved::failed);
}

TEST_F(SocketTest, MayDieWhileAPeerHangsUp)
{
    reader_.read();
    peer_.close();
    socket_ = Socket{};
    turn();
    EXPECT_EQ(reader_.last, Moved::would_block);
}

}  // namespace
}  // namespace spillway::net
