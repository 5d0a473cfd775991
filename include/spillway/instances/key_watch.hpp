#pragma once

#include <memory>
#include <string>
#include <thread>

#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/base/units.hpp"
#include "spillway/keys/key_book.hpp"

namespace spillway::instances {

/// What is known of keys after a look at the database.
/// @param silent  Since when it has not answered; zero: it did.
/// @param memory  How long keys that are known are served meanwhile.
[[nodiscard]] keys::State state_after(Millis silent, Millis memory);

/// Brings into force what other instances do to keys, as soon as the database tells, and looks by
/// itself every second. Says what is known of keys while the database is away. Own thread.
class KeyWatch {
public:
    struct Parts {
        Secret database_url;
        std::shared_ptr<EventDescriptor> stop;  ///< That of the book's store; raised at the end.
        keys::KeyBook& book;
        /// Records that somebody wrote into a file of this instance (an import, a spillway that
        /// shared nothing); they are moved to the database. Null: none.
        std::unique_ptr<keys::Store> inbox;
        Millis memory{};
        Millis silent{};  ///< For so long the database had not answered when the book was made.
    };
    /// The book outlives it.
    explicit KeyWatch(Parts parts);
    ~KeyWatch();
    KeyWatch(const KeyWatch&) = delete;
    KeyWatch& operator=(const KeyWatch&) = delete;

private:
    struct Work;
    std::shared_ptr<EventDescriptor> stop_;
    std::thread thread_;
};

}  // namespace spillway::instances
