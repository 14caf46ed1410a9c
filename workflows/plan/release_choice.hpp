// Chooses the release that a deployment may go back to: the order of releases, the one a link names, and those within
// reach of an attempt. Pure; the host checks whether a release is complete.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/workflows/plan/observation.hpp"

namespace autoheal::workflows {

// By name, runs of digits compared as numbers of any length: 1.9 before 1.10.
[[nodiscard]] bool release_is_older(std::string_view one, std::string_view other);

// The release in use, and the place of its name in the link's text.
struct LinkedRelease {
  std::string name;
  std::size_t at = 0;
};
// `link_target` as readlink gives it, of `repair.link` below `root`. invalid: it leads elsewhere than into the folder
// of releases.
[[nodiscard]] Result<LinkedRelease> linked_release(const ReleaseRepair& repair, const std::string& root,
                                                   const std::string& link_target);

// The releases that attempt `attempt` may choose from, the preferred one first: older than `failing`, at most
// `max_back` further back per attempt; with `allow_newer` newer ones, too. Never `failing` itself. Without a failing
// one (the link is gone) there is nothing to be older than: none, unless newer ones are allowed.
[[nodiscard]] std::vector<std::string> releases_within_reach(const ReleaseRepair& repair,
                                                             std::vector<std::string> names,
                                                             const std::optional<std::string>& failing,
                                                             unsigned attempt);

// The link's text with another release in place of `now`, in the form it has.
[[nodiscard]] std::string link_to(const std::string& link_target, const LinkedRelease& now, const std::string& release);

}  // namespace autoheal::workflows
