#include "autoheal/workflows/plan/release_choice.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/ascii.hpp"

namespace autoheal::workflows {

namespace {

// The run of digits, or of anything else, that `text` begins with.
std::string_view first_run(std::string_view text) {
  const bool digits = ascii::is_digit(text.front());
  const auto end = std::ranges::find_if(text, [&](char c) { return ascii::is_digit(c) != digits; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::strong_ordering compare_numbers(std::string_view one, std::string_view other) {
  one.remove_prefix(std::min(one.find_first_not_of('0'), one.size()));
  other.remove_prefix(std::min(other.find_first_not_of('0'), other.size()));
  return one.size() != other.size() ? one.size() <=> other.size() : one <=> other;
}

std::strong_ordering compare_names(std::string_view one, std::string_view other) {
  while (!one.empty() && !other.empty()) {
    const std::string_view a = first_run(one);
    const std::string_view b = first_run(other);
    const auto order = ascii::is_digit(a.front()) && ascii::is_digit(b.front()) ? compare_numbers(a, b) : a <=> b;
    if (order != 0) return order;
    one.remove_prefix(a.size());
    other.remove_prefix(b.size());
  }
  return one.size() <=> other.size();
}

// An absolute path without ".", ".." and doubled slashes, by its text alone.
std::string normal(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      text.erase(std::min(text.rfind('/'), text.size()));
    } else {
      text.append("/").append(part);
    }
  }
  return text;
}

}  // namespace

bool release_is_older(std::string_view one, std::string_view other) {
  const auto order = compare_names(one, other);
  return order != 0 ? order < 0 : one < other;  // 1.01 and 1.1 are two releases
}

Result<LinkedRelease> linked_release(const ReleaseRepair& repair, const std::string& root,
                                     const std::string& link_target) {
  const std::string releases = normal(root + "/" + repair.releases);
  const std::string link = root + "/" + repair.link;
  const std::string folder_of_link = link.substr(0, link.rfind('/'));
  // The last place in the text where a name stands whose folder is that of the releases.
  for (auto slash = link_target.rfind('/'); slash != std::string::npos && slash > 0;
       slash = link_target.rfind('/', slash - 1)) {
    const std::string before = link_target.substr(0, slash);
    const std::string folder = before.starts_with('/') ? before : folder_of_link + "/" + before;
    const std::string name = link_target.substr(slash + 1, link_target.find('/', slash + 1) - slash - 1);
    if (!name.empty() && name != "." && name != ".." && normal(folder) == releases)
      return LinkedRelease{name, slash + 1};
  }
  const std::string first = link_target.substr(0, link_target.find('/'));
  if (!first.empty() && first != "." && first != ".." && normal(folder_of_link) == releases)
    return LinkedRelease{first, 0};
  return failure(ErrorKind::invalid,
                 fmt::format("{} points to {}, which is no release in {}", repair.link, link_target, repair.releases));
}

std::vector<std::string> releases_within_reach(const ReleaseRepair& repair, std::vector<std::string> names,
                                               const std::optional<std::string>& failing, unsigned attempt) {
  std::ranges::sort(names, [](const auto& one, const auto& other) { return release_is_older(other, one); });
  const std::size_t reach = std::size_t{repair.max_back} * attempt;
  std::size_t back = 0;
  std::vector<std::string> chosen;
  for (const std::string& name : names) {
    if (failing && name == *failing) continue;
    const bool older = failing && release_is_older(name, *failing);
    if (!older && !repair.allow_newer) continue;
    if ((older || !failing) && ++back > reach) break;
    chosen.push_back(name);
  }
  return chosen;
}

std::string link_to(const std::string& link_target, const LinkedRelease& now, const std::string& release) {
  std::string text = link_target;
  return text.replace(now.at, now.name.size(), release);
}

}  // namespace autoheal::workflows
