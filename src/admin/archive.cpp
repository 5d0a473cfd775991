#include "spillway/admin/archive.hpp"

#include <utility>

namespace spillway::admin {

Archive::Archive(std::string ledger_path)
    : ledger_path_(std::move(ledger_path)),
      worker_(most_waiting, "too many questions to the ledger are waiting")
{}

Archive::~Archive() = default;

net::Task<Result<std::string>> Archive::ask(net::Shard& shard, Question question)
{
    Worker::Job job = [this, question = std::move(question)] { return look_up(question); };
    co_return co_await worker_.ask(shard, std::move(job));
}

Result<std::string> Archive::look_up(const Question& question)
{
    if (!query_) {
        auto opened = ledger::Query::open(ledger_path_);
        if (!opened)
            return fail(std::move(opened).error());
        query_ = std::move(*opened);
    }
    return question(*query_);
}

}  // namespace spillway::admin
