#include "spillway/keys/move_records.hpp"

#include <algorithm>
#include <utility>

namespace spillway::keys {
namespace {

constexpr std::size_t most_at_once = 500;

/// All of them; one by one when one of them is there.
Result<std::size_t> put(std::span<const Write> writes, Store& to)
{
    if (const auto done = to.commit(writes); done)
        return writes.size();
    else if (done.error().code() != Errc::changed_meanwhile)
        return fail(done.error());
    std::size_t moved = 0;
    for (const auto& write : writes) {
        const auto done = to.commit({&write, 1});
        if (!done && done.error().code() != Errc::changed_meanwhile)
            return fail(done.error());
        moved += done ? 1 : 0;
    }
    return moved;
}

}  // namespace

Result<std::size_t> move_records(Store& from, Store& to)
{
    auto contents = from.load();
    if (!contents)
        return fail(std::move(contents).error());
    std::size_t moved = 0;
    auto& rows = contents->rows;
    for (std::size_t first = 0; first < rows.size(); first += most_at_once) {
        const auto end = std::min(rows.size(), first + most_at_once);
        std::vector<Write> there;
        std::vector<Write> here;
        for (auto i = first; i < end; ++i) {
            here.push_back({rows[i].kind, rows[i].id, rows[i].version, std::nullopt});
            there.push_back({rows[i].kind, std::move(rows[i].id), 0, std::move(rows[i].body)});
        }
        const auto put_there = put(there, to);
        if (!put_there)
            return fail(put_there.error());
        moved += *put_there;
        // What was written here meanwhile is moved the next time.
        if (const auto taken = from.commit(here);
            !taken && taken.error().code() != Errc::changed_meanwhile)
            return fail(taken.error());
    }
    return moved;
}

}  // namespace spillway::keys
