#include "tools/config/source_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "autoheal/engine/base/whole_io.hpp"
#include "tools/config/open_file.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::config {

namespace {

// Why it cannot be trusted; empty if it can.
std::string fault_of(const std::string& path, const struct stat& facts) {
  const std::string why = ": it decides what is run";
  if ((facts.st_mode & S_IWOTH) != 0) return "everybody can write this file, expected chmod o-w" + why;
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    return fmt::format("this file belongs to user {}, expected root or the user who runs autoheal (chown root {}){}",
                       facts.st_uid, path, why);
  }
  if ((facts.st_mode & S_IWGRP) != 0 && facts.st_gid != 0 && facts.st_gid != ::getegid())
    return fmt::format("group {} can write this file, expected chmod g-w{}", facts.st_gid, why);
  return {};
}

}  // namespace

std::expected<std::string, Problem> read_source_file(const std::string& path) {
  const auto refuse = [&](std::string message) { return std::unexpected(Problem{path, 0, 0, {}, std::move(message)}); };
  const UniqueFd file = open_to_read(path);
  struct stat facts{};
  if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
    return refuse("the configuration cannot be read, expected a readable file");
  if (std::string fault = fault_of(path, facts); !fault.empty()) return refuse(std::move(fault));
  std::string text(largest_file_bytes + 1, '\0');
  const auto size = read_up_to(file.get(), text);
  if (!size) return refuse("the configuration cannot be read, expected a readable file");
  text.resize(*size);
  return text;
}

}  // namespace autoheal::config
