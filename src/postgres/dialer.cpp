#include "spillway/postgres/dialer.hpp"

#include <utility>

namespace spillway::postgres {

Outcome<Session> Dialer::dial(int stop)
{
    if (!pq_) {
        auto loaded = Library::load();
        if (!loaded)
            return tl::make_unexpected(Trouble{"", loaded.error().message()});
        pq_ = *loaded;
    }
    if (!url_) {
        auto url = read_database_url(*pq_, database_url_);
        if (!url)
            return tl::make_unexpected(Trouble{"", url.error().message()});
        url_ = std::move(*url);
    }
    return Session::connect(*pq_, *url_, stop);
}

}  // namespace spillway::postgres
