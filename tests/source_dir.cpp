#include "source_dir.hpp"

namespace spillway {

std::string in_source_tree(std::string_view name)
{
    return std::string(SPILLWAY_SOURCE_DIR "/").append(name);
}

}  // namespace spillway
