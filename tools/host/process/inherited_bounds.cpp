#include "tools/host/process/inherited_bounds.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

namespace autoheal::host {

namespace {

std::map<std::string, std::string> status_of(const std::string& process) {
  std::map<std::string, std::string> status;
  std::ifstream in("/proc/" + process + "/status");
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    const auto value = line.find_first_not_of(" \t", colon + 1);
    if (value != std::string::npos) status[line.substr(0, colon)] = line.substr(value);
  }
  return status;
}

std::string mounts_of(const std::string& process) {
  std::error_code nobody_may_look;
  return std::filesystem::read_symlink("/proc/" + process + "/ns/mnt", nobody_may_look).string();
}

}  // namespace

std::set<std::string> inherited_bounds() {
  constexpr std::array<std::pair<const char*, const char*>, 3> lines = {
      {{"NoNewPrivs", "NoNewPrivileges="},
       {"Seccomp_filters", "SystemCallFilter= or another filter of system calls"},
       {"CapBnd", "CapabilityBoundingSet="}}};
  auto first = status_of("1");
  auto ours = status_of("self");
  std::set<std::string> bounds;
  for (const auto& [line, name] : lines) {
    if (first.contains(line) && first[line] != ours[line]) bounds.emplace(name);
  }
  if (const std::string there = mounts_of("1"); !there.empty() && there != mounts_of("self"))
    bounds.emplace("mounts of its own, as ProtectSystem= or PrivateTmp= make them");
  return bounds;
}

}  // namespace autoheal::host
