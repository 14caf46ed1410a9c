#include "tools/config/included_files.hpp"

#include <dirent.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace autoheal::config {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_pattern(const std::string& text) { return text.find_first_of("*?[") != std::string::npos; }

}  // namespace

std::expected<std::vector<std::string>, std::string> included_files(const std::string& pattern, std::size_t most) {
  const std::filesystem::path path(pattern);
  const std::string folder = path.parent_path().string(), name = path.filename().string();
  if (is_pattern(folder)) return std::unexpected("expected * and ? in the last part of the path only");
  if (!is_pattern(name)) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return std::unexpected("it does not exist, expected a file");
    return std::vector{pattern};
  }
  std::vector<std::string> files;
  const std::unique_ptr<DIR, CloseFolder> names(::opendir(folder.c_str()));
  while (const dirent* entry = names ? ::readdir(names.get()) : nullptr) {
    if (::fnmatch(name.c_str(), entry->d_name, FNM_PERIOD) != 0) continue;
    files.push_back(folder + "/" + entry->d_name);
    if (files.size() > most) break;
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace autoheal::config
