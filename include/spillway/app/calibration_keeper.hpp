#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>
#include <string>

#include "spillway/app/lane.hpp"
#include "spillway/ledger/comparison_writer.hpp"
#include "spillway/tokens/calibration.hpp"

namespace spillway::app {

/// Keeps what upstreams taught about our counts of tokens: read at the start, gathered from the
/// lanes once a minute and at the end, written beside the records. Control thread only.
class CalibrationKeeper {
public:
    CalibrationKeeper(boost::asio::io_context& control, std::deque<Lane>& lanes,
                      ledger::ComparisonWriter& writer);

    /// Hands the lanes what was learned before. Before their threads begin.
    void begin(const std::map<std::string, std::string>& rows);
    void start();
    /// Takes the rest. The lanes' threads have ended.
    void finish();

private:
    using Learned = std::map<std::string, tokens::Calibration>;

    void wait();
    void gather();
    void add(const Learned& fresh);

    boost::asio::io_context& control_;
    std::deque<Lane>& lanes_;
    ledger::ComparisonWriter& writer_;
    boost::asio::steady_timer timer_;
    Learned all_;
};

}  // namespace spillway::app
