#pragma once

#include <string>
#include <string_view>

namespace spillway {

/// The path of `name` (below the root of this source tree), for tests that read files of the tree.
///
/// Only source_dir.cpp is compiled with the path, so that a clone in another folder finds every
/// other object in the compiler's cache.
std::string in_source_tree(std::string_view name);

}  // namespace spillway
