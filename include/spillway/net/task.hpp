#pragma once

#include <coroutine>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

/// The coroutine type of everything that waits, and why it is not asio::awaitable: docs/adr/0011.
namespace spillway::net {

template <class T>
class Task;

namespace detail {

struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) const noexcept
    {
        auto& promise = done.promise();
        promise.finished = true;
        if (!promise.awaited)
            return std::noop_coroutine();
        return promise.continuation;
    }
    void await_resume() const noexcept {}
};

/// A task that ends without ever waiting returns to its caller by an ordinary return, not by
/// symmetric transfer: that is no tail call at -O0, and a loop of such awaits would eat the stack.
struct PromiseBase {
    std::coroutine_handle<> continuation;
    std::exception_ptr thrown;
    bool finished = false;
    bool awaited = false;  ///< The caller is suspended, so the end has to resume it.

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown = std::current_exception(); }
};

template <class T>
struct Promise final : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object() noexcept;
    template <class U>
    void return_value(U&& result)
    {
        value.emplace(std::forward<U>(result));
    }
    T take()
    {
        if (thrown)
            std::rethrow_exception(thrown);
        return std::move(*value);
    }
};

template <>
struct Promise<void> final : PromiseBase {
    Task<void> get_return_object() noexcept;
    void return_void() noexcept {}
    void take() const
    {
        if (thrown)
            std::rethrow_exception(thrown);
    }
};

}  // namespace detail

/// A lazy coroutine that is awaited exactly once and lives on one shard's thread from start to end.
/// Destroying it before it finished destroys its frame; the tree is written so that this happens
/// only for tasks that never started.
template <class T>
class [[nodiscard]] Task {
public:
    using promise_type = detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    explicit Task(Handle handle) noexcept : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&&) = delete;
    Task(const Task&) = delete;
    ~Task()
    {
        if (handle_)
            handle_.destroy();
    }

    struct Awaiter {
        Handle handle;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        bool await_suspend(std::coroutine_handle<> caller) const
        {
            auto& promise = handle.promise();
            promise.continuation = caller;
            handle.resume();
            promise.awaited = !promise.finished;
            return promise.awaited;
        }
        T await_resume() const { return handle.promise().take(); }
    };
    Awaiter operator co_await() && noexcept { return Awaiter{handle_}; }
    Awaiter operator co_await() & noexcept { return Awaiter{handle_}; }

private:
    Handle handle_;
};

namespace detail {
template <class T>
Task<T> Promise<T>::get_return_object() noexcept
{
    return Task<T>{std::coroutine_handle<Promise>::from_promise(*this)};
}
inline Task<void> Promise<void>::get_return_object() noexcept
{
    return Task<void>{std::coroutine_handle<Promise>::from_promise(*this)};
}

/// The root of a chain of tasks: starts at once, destroys itself at the end.
struct Detached {
    struct promise_type {
        Detached get_return_object() const noexcept { return {}; }
        [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        /// Roots catch what they can name; anything else is a broken invariant.
        [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
    };
};
}  // namespace detail

/// Runs `task` on this thread up to its first wait, and lets it go on by itself from there.
inline detail::Detached spawn(Task<void> task)
{
    co_await std::move(task);
}

/// Lets one coroutine wait until somebody on the same thread calls `set`. Reusable after `reset`.
class Event {
public:
    void set()
    {
        set_ = true;
        if (auto waiter = std::exchange(waiter_, {}))
            waiter.resume();
    }
    void reset() noexcept { set_ = false; }
    /// Resumes the waiter without setting: it has to look for itself why.
    void poke()
    {
        if (auto waiter = std::exchange(waiter_, {}))
            waiter.resume();
    }
    [[nodiscard]] bool is_set() const noexcept { return set_; }

    struct Awaiter {
        Event& event;
        [[nodiscard]] bool await_ready() const noexcept { return event.set_; }
        void await_suspend(std::coroutine_handle<> waiter) const noexcept
        {
            event.waiter_ = waiter;
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Awaiter wait() noexcept { return Awaiter{*this}; }

private:
    bool set_ = false;
    std::coroutine_handle<> waiter_;
};

}  // namespace spillway::net
