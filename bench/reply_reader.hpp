#pragma once

#include <strings.h>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

/// Reads HTTP/1.1 replies from bytes cut anywhere: status, end, and how many server-sent events
/// (blank lines) went by. Trusts the sender otherwise: it measures, it does not judge.
class ReplyReader {
public:
    void reset() { *this = ReplyReader{}; }

    void feed(std::string_view bytes)
    {
        while (!bytes.empty() && state_ != State::done) {
            switch (state_) {
                case State::head:
                    head(bytes);
                    break;
                case State::length:
                    body(bytes, State::done);
                    break;
                case State::chunk_size:
                    chunk_size(bytes);
                    break;
                case State::chunk:
                    body(bytes, State::chunk_end);
                    break;
                case State::chunk_end:
                    if (bytes.front() == '\n')
                        state_ = State::chunk_size;
                    bytes.remove_prefix(1);
                    break;
                case State::trailer:
                    trailer(bytes);
                    break;
                case State::done:
                    break;
            }
        }
        surplus_ = surplus_ || !bytes.empty();
    }

    [[nodiscard]] bool done() const { return state_ == State::done; }
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] bool surplus() const { return surplus_; }  ///< Bytes behind the reply's end.
    /// The beginning of the body, for messages about failures.
    [[nodiscard]] const std::string& beginning() const { return beginning_; }

private:
    enum class State { head, length, chunk_size, chunk, chunk_end, trailer, done };

    void head(std::string_view& bytes)
    {
        const std::size_t before = head_.size();
        head_.append(bytes);
        const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            bytes = {};
            return;
        }
        bytes.remove_prefix(end + 4 - before);
        head_.resize(end + 2);
        status_ = head_.size() > 12 ? std::atoi(head_.c_str() + 9) : 0;
        if (field("transfer-encoding:") != nullptr) {
            state_ = State::chunk_size;
        } else {
            const char* length = field("content-length:");
            left_ = length == nullptr ? 0 : std::strtoull(length, nullptr, 10);
            state_ = left_ == 0 ? State::done : State::length;
        }
        head_.clear();
    }

    [[nodiscard]] const char* field(std::string_view name) const
    {
        for (auto line = head_.find('\n'); line != std::string::npos;
             line = head_.find('\n', line + 1))
            if (strncasecmp(head_.c_str() + line + 1, name.data(), name.size()) == 0)
                return head_.c_str() + line + 1 + name.size();
        return nullptr;
    }

    void body(std::string_view& bytes, State next)
    {
        const std::string_view part = bytes.substr(0, left_);
        for (auto at = part.find('\n'); at != std::string_view::npos;
             at = part.find('\n', at + 1)) {
            const char previous = at == 0 ? last_ : part[at - 1];
            events_ += previous == '\n' ? 1 : 0;
        }
        last_ = part.back();
        if (status_ != 200 && beginning_.size() < 300)
            beginning_.append(part.substr(0, 300));
        left_ -= part.size();
        bytes.remove_prefix(part.size());
        if (left_ == 0)
            state_ = next;
    }

    /// Takes bytes into `line_`; true at the end of the line.
    bool take_line(std::string_view& bytes)
    {
        const auto end = bytes.find('\n');
        line_.append(bytes.substr(0, end));
        if (end == std::string_view::npos) {
            bytes = {};
            return false;
        }
        bytes.remove_prefix(end + 1);
        return true;
    }

    void chunk_size(std::string_view& bytes)
    {
        if (!take_line(bytes))
            return;
        left_ = std::strtoull(line_.c_str(), nullptr, 16);
        line_.clear();
        state_ = left_ == 0 ? State::trailer : State::chunk;
    }

    void trailer(std::string_view& bytes)
    {
        if (!take_line(bytes))
            return;
        state_ = line_ == "\r" || line_.empty() ? State::done : State::trailer;
        line_.clear();
    }

    State state_ = State::head;
    int status_ = 0;
    std::uint64_t left_ = 0;
    std::uint64_t events_ = 0;
    char last_ = 0;
    bool surplus_ = false;
    std::string head_;
    std::string line_;
    std::string beginning_;
};

}  // namespace bench
