#include "frozen_pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "spillway/base/text.hpp"

namespace spillway::score {
namespace {

class Descriptor {
public:
    explicit Descriptor(const std::string& path)
        : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC))
    {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (number_ >= 0)
            ::close(number_);
    }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

Error failed(std::string_view what, const std::string& path)
{
    const auto why = std::generic_category().message(errno);
    return {Errc::io_error, std::string(what) + " '" + printable(path) + "': " + why};
}

}  // namespace

FrozenPages::~FrozenPages()
{
    ::munmap(begin_, length_);
}

Result<std::shared_ptr<const FrozenPages>> FrozenPages::of_file(const std::string& path,
                                                                std::size_t most)
{
    const Descriptor file(path);
    if (file.number() < 0)
        return fail(failed("cannot open", path));
    const auto length = most + 1;
    void* const begin =
        ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED)
        return fail(failed("no memory for", path));
    const std::shared_ptr<FrozenPages> pages(new FrozenPages(static_cast<char*>(begin), length));
    while (pages->used_ < length) {
        const auto got = ::read(file.number(), pages->begin_ + pages->used_, length - pages->used_);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(failed("cannot read", path));
        if (got == 0)
            break;
        pages->used_ += static_cast<std::size_t>(got);
    }
    if (::mprotect(begin, length, PROT_READ) != 0)
        return fail(failed("cannot protect the pages of", path));
    return pages;
}

}  // namespace spillway::score
