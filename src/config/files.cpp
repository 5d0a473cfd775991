#include "spillway/config/files.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "spillway/base/text.hpp"

namespace spillway::config {

Result<std::string> read_whole_file(const std::string& path, std::size_t limit)
{
    const auto named = "\"" + printable(path) + "\"";
    std::error_code code;
    const auto status = std::filesystem::status(path, code);
    if (!std::filesystem::exists(status))
        return fail(Errc::io_error, "the file " + named + " does not exist");
    if (!std::filesystem::is_regular_file(status))
        return fail(Errc::io_error, named + " is not a regular file");
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return fail(Errc::io_error, "the file " + named + " cannot be read");
    // One byte more than allowed tells a file that is too large, even one that is still growing.
    std::string text(limit + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad())
        return fail(Errc::io_error, "the file " + named + " cannot be read");
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limit)
        return fail(Errc::io_error,
                    "the file " + named + " is larger than " + std::to_string(limit) + " bytes");
    return text;
}

}  // namespace spillway::config
