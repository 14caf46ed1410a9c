#include "tests/unit/host/recorded_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

namespace autoheal::testing {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t piece_bytes = 512;

fs::path path_of(int descriptor, const char* entry) {
  if (descriptor == AT_FDCWD) return fs::absolute(entry);
  std::error_code unknown;
  const fs::path place = fs::read_symlink("/proc/self/fd/" + std::to_string(descriptor), unknown);
  return entry == nullptr ? place : place / entry;
}

bool lies_below(const fs::path& path, const fs::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file on the disk: between multiples of 512 bytes either the one or the other, or neither.
std::string mixed(const std::string& durable, const std::string& written, CutFate fate, std::mt19937_64& random) {
  const auto coin = [&] { return random() % 2 == 0; };
  std::string content = written;
  for (std::size_t at = 0; at < content.size(); at += piece_bytes) {
    const std::size_t size = std::min(piece_bytes, content.size() - at);
    if (coin()) continue;
    std::string piece = at < durable.size() ? durable.substr(at, size) : "";
    piece.resize(size, '\0');
    if (fate == CutFate::garbage && coin()) {
      for (char& byte : piece) byte = static_cast<char>(random());
    }
    content.replace(at, size, piece);
  }
  return content;
}

}  // namespace

RecordedFolder::RecordedFolder(fs::path folder, fs::path grave)
    : folder_(std::move(folder)), grave_(std::move(grave)) {}

RecordedFolder::~RecordedFolder() {
  before_call = nullptr;
  after_call = nullptr;
}

void RecordedFolder::begin() {
  before_call = nullptr;
  fs::remove_all(grave_);
  fs::create_directory(grave_);
  calls_ = 0;
  allowed_ = static_cast<std::size_t>(-1);
  versions_ = {names()};
  durable_version_ = 0;
  durable_.clear();
  for (const auto& [path, inode] : versions_.front()) durable_.emplace(inode, facts_of(folder_ / path));
  before_call = [this](const CallToDisk& call) { return before(call); };
  after_call = [this](const CallToDisk& call) { after(call); };
}

RecordedFolder::Names RecordedFolder::names() const {
  Names found;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    struct stat seen{};
    if (::lstat(entry.path().c_str(), &seen) == 0)
      found.emplace(entry.path().lexically_relative(folder_).string(), seen.st_ino);
  }
  return found;
}

RecordedFolder::Facts RecordedFolder::facts_of(const fs::path& path) {
  struct stat seen{};
  if (::lstat(path.c_str(), &seen) != 0) return {};
  return {S_ISREG(seen.st_mode) ? read_file(path) : "", seen.st_mode, seen.st_uid, seen.st_gid};
}

Instead RecordedFolder::before(const CallToDisk& call) {
  const fs::path path = path_of(call.descriptor, call.entry);
  if (!lies_below(path, folder_) && !lies_below(path, grave_)) return Instead::nothing;
  if (!has_power()) return Instead::fail;
  ++calls_;
  const std::string_view name = call.name;
  const bool is_folder = fs::symlink_status(path).type() == fs::file_type::directory;
  if ((name == "unlink" && !is_folder) || (name == "rmdir" && is_folder && fs::is_empty(path)))
    return bury(call.descriptor, call.entry) ? Instead::done : Instead::nothing;
  if (name == "rename") (void)bury(call.to, call.to_entry);
  return Instead::nothing;
}

// False: there is no such thing, or it has another name, by which it stays.
bool RecordedFolder::bury(int folder, const char* entry) const {
  struct stat seen{};
  if (::fstatat(folder, entry, &seen, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (!S_ISDIR(seen.st_mode) && seen.st_nlink > 1) return false;
  return ::renameat(folder, entry, AT_FDCWD, buried(seen.st_ino).c_str()) == 0;
}

void RecordedFolder::after(const CallToDisk& call) {
  if (!lies_below(path_of(call.descriptor, call.entry), folder_)) return;
  if (call.entry != nullptr) {
    versions_.push_back(names());
    if (std::string_view(call.name) == "create" || std::string_view(call.name) == "mkdir") {
      const fs::path made = path_of(call.descriptor, call.entry);
      struct stat seen{};
      if (::lstat(made.c_str(), &seen) == 0) durable_.emplace(seen.st_ino, facts_of(made));
    }
    return;
  }
  if (std::string_view(call.name) != "fsync") return;
  struct stat seen{};
  if (::fstat(call.descriptor, &seen) != 0) return;
  if (S_ISDIR(seen.st_mode)) durable_version_ = versions_.size() - 1;
  durable_[seen.st_ino] = facts_of(path_of(call.descriptor, nullptr));
}

void RecordedFolder::leave(CutFate fate, KeptNames kept, std::uint64_t seed) {
  before_call = nullptr;
  after_call = nullptr;
  std::size_t version = versions_.size() - 1;
  if (kept == KeptNames::none) version = durable_version_;
  if (kept == KeptNames::some) version = durable_version_ + seed % (version - durable_version_ + 1);
  const Names before = names();
  const Names after = versions_[version];
  std::map<Inode, fs::path> places;  // of what stays where it is
  for (const auto& [path, inode] : after) {
    const auto now = before.find(path);
    const fs::path parent = fs::path(path).parent_path();
    const bool is_reached = parent.empty() || places.contains(after.at(parent.string()));
    if (is_reached && now != before.end() && now->second == inode) places.try_emplace(inode, folder_ / path);
  }
  bury_all_but(places, before);
  settle_files(fate, places, seed);
  dig_out(after, places);
}

void RecordedFolder::bury_all_but(const std::map<Inode, fs::path>& places, const Names& names) const {
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const fs::path path = folder_ / name->first;
    const auto place = places.find(name->second);
    if (place != places.end() && place->second == path) continue;
    if (place != places.end() || fs::exists(fs::symlink_status(buried(name->second)))) {
      fs::remove(path);  // another name of what stays
    } else {
      fs::rename(path, buried(name->second));
    }
  }
}

void RecordedFolder::settle_files(CutFate fate, const std::map<Inode, fs::path>& places, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  if (fate == CutFate::mixed) fate = std::array{CutFate::kept, CutFate::dropped, CutFate::garbage}[random() % 3];
  if (fate == CutFate::kept) return;
  for (const auto& [inode, durable] : durable_) {
    const auto place = places.find(inode);
    const fs::path path = place == places.end() ? buried(inode) : place->second;
    const Facts now = facts_of(path);
    if (now.mode == 0 || S_ISLNK(now.mode)) continue;
    if (now.content != durable.content) {
      std::ofstream(path, std::ios::binary | std::ios::trunc)
          << (fate == CutFate::dropped ? durable.content : mixed(durable.content, now.content, fate, random));
    }
    if (now.uid != durable.uid || now.gid != durable.gid) (void)::lchown(path.c_str(), durable.uid, durable.gid);
    if (now.mode != durable.mode) ::chmod(path.c_str(), durable.mode & 07777U);
  }
}

void RecordedFolder::dig_out(const Names& names, std::map<Inode, fs::path> places) const {
  for (const auto& [name, inode] : names) {
    const fs::path path = folder_ / name;
    const auto place = places.find(inode);
    if (place == places.end()) {
      fs::rename(buried(inode), path);
      places.emplace(inode, path);
    } else if (place->second != path) {
      fs::create_hard_link(place->second, path);
    }
  }
}

}  // namespace autoheal::testing
