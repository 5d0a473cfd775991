#include "spillway/ledger/open_calls.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "open_call_page.hpp"
#include "spillway/base/log.hpp"

namespace spillway::ledger {
namespace {

constexpr std::size_t page_size = open_call_page_size;
constexpr std::size_t pages_at_once = 64;
/// The file's first page; its version goes up with the layout.
constexpr std::string_view mark = "spillway open calls 1\n";

std::string reason(int error)
{
    return std::generic_category().message(error);
}

tl::unexpected<Error> failed(const std::string& path, std::string_view doing, int error)
{
    return fail(Errc::ledger_unavailable,
                "open calls: " + std::string(doing) + " '" + path + "': " + reason(error));
}

class Descriptor {
public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor()
    {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

}  // namespace

struct OpenCalls::Parts {
    Parts(Descriptor opened, std::string file, config::Durability wanted)
        : descriptor(std::move(opened)), path(std::move(file)), durability(wanted)
    {}
    ~Parts()
    {
        if (memory != nullptr)
            ::munmap(memory, (most + 1) * page_size);
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    [[nodiscard]] OpenCallPage& page(Slot slot) const
    {
        return *reinterpret_cast<OpenCallPage*>(memory + (slot + 1) * page_size);
    }
    [[nodiscard]] Result<void> map(std::size_t wanted, std::size_t file_size);
    [[nodiscard]] Result<void> allocate(std::size_t pages);
    void gather();
    [[nodiscard]] Result<Slot> take();
    [[nodiscard]] Result<void> sync(Slot slot) const;

    const Descriptor descriptor;
    const std::string path;
    const config::Durability durability;
    unsigned char* memory = nullptr;
    std::size_t most = 0;
    std::vector<SpendRecord> left;
    std::vector<Slot> left_slots;

    std::mutex mutex;
    std::size_t allocated = 0;       ///< Slots that have room on the disk.
    std::vector<Slot> free;          ///< The one that was used last is used next.
    std::map<RequestId, Slot> late;  ///< Their records wait for the disk.
};

Result<void> OpenCalls::Parts::map(std::size_t wanted, std::size_t file_size)
{
    const auto there = file_size > page_size ? file_size / page_size - 1 : 0;
    most = std::max(wanted, there);
    // Before anything is read: a hole in the file could not be filled on a full disk.
    if (auto room = allocate(std::max<std::size_t>(there, std::min(most, pages_at_once))); !room)
        return room;
    void* const mapped = ::mmap(nullptr, (most + 1) * page_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                                descriptor.get(), 0);
    if (mapped == MAP_FAILED)
        return failed(path, "mapping", errno);
    memory = static_cast<unsigned char*>(mapped);
    return {};
}

/// Makes room on the disk for the first `pages` slots.
Result<void> OpenCalls::Parts::allocate(std::size_t pages)
{
    const auto from = static_cast<off_t>(allocated == 0 ? 0 : (allocated + 1) * page_size);
    const auto until = static_cast<off_t>((pages + 1) * page_size);
    if (const int error = ::posix_fallocate(descriptor.get(), from, until - from); error != 0)
        return failed(path, "making room in", error);
    for (auto slot = pages; slot > allocated; --slot)
        free.push_back(static_cast<Slot>(slot - 1));
    allocated = pages;
    return {};
}

/// What is live is kept out of use until its record is written.
void OpenCalls::Parts::gather()
{
    std::map<RequestId, PageContent> found;
    for (Slot slot = 0; slot < allocated; ++slot) {
        auto content = read_page(page(slot));
        if (!content)
            continue;
        left_slots.push_back(slot);
        auto& kept = found[content->record.id];
        if (content->attempt >= kept.attempt)
            kept = *std::move(content);
    }
    std::erase_if(free, [this](Slot slot) {
        return std::find(left_slots.begin(), left_slots.end(), slot) != left_slots.end();
    });
    for (auto& [id, content] : found)
        left.push_back(std::move(content.record));
    // A file that was large once need not stay in memory.
    (void)::madvise(memory, (most + 1) * page_size, MADV_DONTNEED);
}

Result<OpenCalls::Slot> OpenCalls::Parts::take()
{
    const std::lock_guard lock(mutex);
    if (free.empty()) {
        const auto more = std::min(pages_at_once, most - allocated);
        if (more == 0)
            return fail(Errc::ledger_unavailable, "open calls: too many are under way");
        if (auto room = allocate(allocated + more); !room)
            return fail(std::move(room).error());
    }
    const auto slot = free.back();
    free.pop_back();
    return slot;
}

Result<void> OpenCalls::Parts::sync(Slot slot) const
{
    if (durability == config::Durability::process)
        return {};
    if (::msync(memory + (slot + 1) * page_size, page_size, MS_SYNC) != 0)
        return failed(path, "syncing", errno);
    return {};
}

OpenCalls::OpenCalls(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

OpenCalls::~OpenCalls() = default;

Result<std::unique_ptr<OpenCalls>> OpenCalls::open(const std::string& ledger_path, std::size_t most,
                                                   config::Durability durability)
{
    const auto path = ledger_path + "-open";
    constexpr mode_t owner_only = 0600;
    Descriptor descriptor(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, owner_only));
    if (descriptor.get() < 0)
        return failed(path, "opening", errno);
    struct stat facts{};
    if (::fstat(descriptor.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
        return fail(Errc::ledger_unavailable, "open calls: '" + path + "' is no file");
    auto parts = std::make_unique<Parts>(std::move(descriptor), path, durability);
    if (auto mapped =
            parts->map(std::max<std::size_t>(most, 1), static_cast<std::size_t>(facts.st_size));
        !mapped)
        return fail(std::move(mapped).error());
    const bool fresh = parts->memory[0] == 0;
    if (!fresh && std::memcmp(parts->memory, mark.data(), mark.size()) != 0)
        return fail(Errc::bad_config,
                    "open calls: '" + path + "' was not written by this version of spillway");
    if (fresh)
        std::memcpy(parts->memory, mark.data(), mark.size());
    parts->gather();
    return std::unique_ptr<OpenCalls>{new OpenCalls{std::move(parts)}};
}

Result<OpenCalls::Slot> OpenCalls::note(const CallNote& call)
{
    auto slot = parts_->take();
    if (!slot)
        return slot;
    write_page(parts_->page(*slot), call);
    if (auto synced = parts_->sync(*slot); !synced) {
        clear(*slot);
        return fail(std::move(synced).error());
    }
    return slot;
}

void OpenCalls::clear(Slot slot) noexcept
{
    parts_->page(slot).state.store(0, std::memory_order_release);
    const std::lock_guard lock(parts_->mutex);
    parts_->free.push_back(slot);
}

void OpenCalls::keep(Slot slot)
{
    const auto& page = parts_->page(slot);
    const std::lock_guard lock(parts_->mutex);
    parts_->late.insert_or_assign(RequestId{page.id_high, page.id_low}, slot);
}

void OpenCalls::recorded(std::span<const SpendRecord> records) noexcept
{
    for (const auto& record : records) {
        std::optional<Slot> slot;
        {
            const std::lock_guard lock(parts_->mutex);
            if (const auto found = parts_->late.find(record.id); found != parts_->late.end()) {
                slot = found->second;
                parts_->late.erase(found);
            }
        }
        if (slot)
            clear(*slot);
    }
}

const std::vector<SpendRecord>& OpenCalls::left() const
{
    return parts_->left;
}

void OpenCalls::clear_left() noexcept
{
    for (const auto slot : std::exchange(parts_->left_slots, {}))
        clear(slot);
    parts_->left.clear();
}

Result<std::size_t> record_left_calls(OpenCalls& calls, Store& store)
{
    std::vector<const SpendRecord*> missing;
    for (const auto& record : calls.left()) {
        const auto there = store.holds(record.id);
        if (!there)
            return fail(there.error());
        if (!*there)
            missing.push_back(&record);
    }
    if (!missing.empty()) {
        if (auto written = store.append(missing); !written)
            return fail(std::move(written).error());
        SPILLWAY_WARN(
            "ledger: {} calls were under way when the last process ended; each is charged "
            "what was reserved for it",
            missing.size());
    }
    const auto recorded = missing.size();
    calls.clear_left();
    return recorded;
}

}  // namespace spillway::ledger
