#include <system_error>

#include "spillway/tokens/vocabulary.hpp"

namespace spillway::tokens {

std::shared_ptr<const Vocabulary> Library::find(Family family)
{
    const std::lock_guard lock(mutex_);
    Volume& volume = volumes_[static_cast<std::size_t>(family)];
    if (volume.asked)
        return volume.vocabulary;
    volume.asked = true;
    if (family != Family::o200k && family != Family::cl100k) {
        volume.problem = "no vocabulary of " + std::string(name_of(family)) + " can be read";
        return nullptr;
    }
    const auto file = directory_ / (std::string(name_of(family)) + "_base.tiktoken");
    auto loaded = Vocabulary::load(family, file);
    if (loaded)
        volume.vocabulary = std::move(*loaded);
    else
        volume.problem = loaded.error().message();
    return volume.vocabulary;
}

std::string Library::problem(Family family) const
{
    const std::lock_guard lock(mutex_);
    return volumes_[static_cast<std::size_t>(family)].problem;
}

}  // namespace spillway::tokens
