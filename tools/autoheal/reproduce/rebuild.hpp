// Builds the broken targets of a past heal again, in a folder of their own.
#pragma once

#include <filesystem>

#include "autoheal/replay/compare/course.hpp"
#include "tools/autoheal/reproduce/rebuilt_place.hpp"

namespace autoheal::cli {

// `folder` is absolute, new or empty; it is closed to all others (0700). `course` may come from a stranger: nothing is
// written outside of `folder`, whatever its paths say. invalid: the folder is not empty, or the heal cannot be rebuilt.
[[nodiscard]] Result<RebuiltPlace> rebuild(const replay::Course& course, const workflows::EngineSpec& spec,
                                           const engine::BlobStore& blobs, const std::filesystem::path& folder);

}  // namespace autoheal::cli
