#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "../../src/ledger/open_call_page.hpp"
#include "require.hpp"

namespace {

using namespace spillway::ledger;

std::unique_ptr<OpenCallPage> page_of(const std::uint8_t* bytes, std::size_t size)
{
    auto page = std::make_unique<OpenCallPage>();
    std::memcpy(static_cast<void*>(page.get()), bytes, std::min(size, sizeof(OpenCallPage)));
    return page;
}

}  // namespace

/// Whatever a page of the file holds, reading it ends well and gives no money back; what was
/// written is read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    auto page = page_of(bytes, size);
    (void)read_page(*page);
    // Past the checksum.
    page->state = OpenCallPage::live;
    page->checksum = checksum_of(*page);
    if (const auto found = read_page(*page))
        require(found->record.charged && *found->record.charged >= spillway::NanoUsd{0});

    const std::string text(reinterpret_cast<const char*>(bytes), size);
    CallNote note;
    note.key_hash = text;
    note.tags = text;
    note.asked_model = text;
    auto written = std::make_unique<OpenCallPage>();
    write_page(*written, note);
    const auto again = read_page(*written);
    require(again.has_value());
    require(text.starts_with(again->record.key_hash));
    return 0;
}
