#include <ostream>

#include "compiled_config.hpp"
#include "read_config.hpp"
#include "spillway/app/replay.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/history.hpp"

namespace spillway::app {

int replay(const ReplayRecords& wish, std::ostream& out, std::ostream& problems)
{
    const auto complain = [&](const std::string& what) {
        problems << "spillway: " << what << '\n';
        return 1;
    };
    const auto since = since_of(wish.since, SystemClock{}.wall());
    if (!since)
        return complain(since.error().message());
    const auto compiled = compile_config(wish.config, problems);
    if (!compiled)
        return 1;
    const auto& path = wish.ledger.value_or(compiled->snapshot->config.ledger.path);
    auto history = ledger::History::open(path);
    if (!history)
        return complain(history.error().message());
    Replay replayed(compiled->snapshot);
    const auto read =
        history->each(*since, [&](const ledger::SpendRecord& record) { replayed.add(record); });
    if (!read)
        return complain(read.error().message());
    const auto& sums = replayed.sums();
    out << (wish.json ? replay_json(sums) : replay_table(sums));
    return sums.violations == 0 ? 0 : 1;
}

}  // namespace spillway::app
