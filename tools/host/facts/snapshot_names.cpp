#include "tools/host/facts/snapshot_names.hpp"

#include <fcntl.h>

#include <algorithm>

#include "tools/host/system/folder_names.hpp"

namespace autoheal::host {

namespace {

constexpr std::string_view ending = ".snapshot";
constexpr std::size_t digits = 64;

}  // namespace

std::vector<SnapshotName> snapshots_in(const std::string& folder) {
  std::vector<SnapshotName> snapshots;
  const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto names = opened ? names_in(opened.get(), folder) : failure(ErrorKind::not_found, folder);
  if (!names) return snapshots;
  for (const std::string& name : *names) {
    if (!name.ends_with(ending) || name.size() < ending.size() + digits + 2) continue;
    const std::string hex = name.substr(name.size() - ending.size() - digits, digits);
    const bool is_hex = hex.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_hex && name[name.size() - ending.size() - digits - 1] == '.') snapshots.push_back({name, "sha256:" + hex});
  }
  std::ranges::reverse(snapshots);
  return snapshots;
}

std::string ending_of(const engine::BlobName& content) {
  return "." + content.substr(content.find(':') + 1) + std::string(ending);
}

std::string snapshot_name(Timestamp taken, const engine::BlobName& content) {
  std::string stamp = format_timestamp(taken);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return stamp + ending_of(content);
}

}  // namespace autoheal::host
