#include "spillway/app/calibration_keeper.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace spillway::app {

namespace {
constexpr Millis pause{60'000};
/// As many as one lane keeps.
constexpr std::size_t most_models = 256;
}  // namespace

CalibrationKeeper::CalibrationKeeper(boost::asio::io_context& control, std::deque<Lane>& lanes,
                                     ledger::ComparisonWriter& writer)
    : control_(control), lanes_(lanes), writer_(writer), timer_(control)
{}

void CalibrationKeeper::begin(const std::map<std::string, std::string>& rows)
{
    for (const auto& [model, row] : rows)
        // What cannot be read is learned again.
        if (auto known = tokens::Calibration::from_row(row); known && all_.size() < most_models)
            all_.emplace(model, *std::move(known));
    for (auto& lane : lanes_)
        lane.services().describer.counter.adopt(all_);
}

void CalibrationKeeper::start()
{
    wait();
}

void CalibrationKeeper::wait()
{
    timer_.expires_after(pause);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error)
            return;
        gather();
        wait();
    });
}

void CalibrationKeeper::gather()
{
    for (auto& lane : lanes_)
        lane.shard().post([this, &lane] {
            auto fresh = lane.services().describer.counter.take_fresh();
            if (!fresh.empty())
                boost::asio::post(control_, [this, fresh = std::move(fresh)] { add(fresh); });
        });
}

void CalibrationKeeper::finish()
{
    timer_.cancel();
    for (auto& lane : lanes_)
        add(lane.services().describer.counter.take_fresh());
}

void CalibrationKeeper::add(const Learned& fresh)
{
    std::map<std::string, std::string> rows;
    for (const auto& [model, seen] : fresh) {
        const auto known = all_.find(model);
        if (known == all_.end() && all_.size() >= most_models)
            continue;
        auto& sum = all_[model];
        sum += seen;
        rows.emplace(model, sum.to_row());
    }
    writer_.write_calibrations(std::move(rows));
}

}  // namespace spillway::app
