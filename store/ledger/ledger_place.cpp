#include "autoheal/store/ledger/ledger_place.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>

namespace autoheal::store {

LedgerPlace::LedgerPlace(const std::filesystem::path& ledger) {
  folder_.path = ledger.has_parent_path() ? ledger.parent_path().string() : ".";
  folder_.what = "folder";
  struct stat found{};
  if (::stat(folder_.path.c_str(), &found) == 0) folder_.identity = {found.st_dev, found.st_ino};
}

void LedgerPlace::remember(const std::filesystem::path& path, const std::string& what) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return;
  const std::lock_guard lock(mutex_);
  parts_.push_back({path.string(), what, {found.st_dev, found.st_ino}});
}

LedgerPlace::Look LedgerPlace::inspect(const Part& part) {
  struct stat found{};
  if (::stat(part.path.c_str(), &found) == 0)
    return Identity{found.st_dev, found.st_ino} == part.identity ? Look::same : Look::another;
  const bool gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ESTALE;
  return gone ? Look::gone : Look::unknown;
}

std::string LedgerPlace::sentence_of(const Part& part, Look found) const {
  const std::string begin = fmt::format("the {} {} is not in its place any more: ", part.what, part.path);
  switch (inspect(folder_)) {
    case Look::gone:
      return begin + "its folder was moved away or removed";
    case Look::another:
      return begin + "its folder is another one now: it was exchanged, or something is mounted over it";
    default:
      break;
  }
  return begin + (found == Look::gone ? "it was moved away or removed" : "it was exchanged, or is mounted over");
}

std::string LedgerPlace::problem() const {
  const std::lock_guard lock(mutex_);
  for (const Part& part : parts_) {
    const Look found = inspect(part);
    if (found == Look::gone || found == Look::another) return sentence_of(part, found);
  }
  return {};
}

bool LedgerPlace::is_lost(const std::filesystem::path& path) const {
  const std::lock_guard lock(mutex_);
  for (const Part& part : parts_) {
    if (part.path != path.string()) continue;
    const Look found = inspect(part);
    return found == Look::gone || found == Look::another;
  }
  return false;
}

}  // namespace autoheal::store
