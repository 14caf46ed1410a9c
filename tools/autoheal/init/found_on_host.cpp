#include "tools/autoheal/init/found_on_host.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/autoheal/init/managed_files.hpp"
#include "tools/host/process/process_runner.hpp"
#include "tools/host/system/folder_names.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::array search_path = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};
constexpr std::size_t largest_settings_bytes = 1U << 20U;
constexpr std::size_t most_settings_files = 256;

// The beginning of a regular file, or nothing. Symlinks are followed as nginx follows them (sites-enabled/ holds
// little else): nothing but two directives is taken from it.
std::string beginning_of(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  std::string text(largest_settings_bytes, '\0');
  text.resize(read_up_to(file.get(), text).value_or(0));
  return text;
}

std::vector<std::string> included_files(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& [below, ending] : {std::pair("/conf.d", ".conf"), std::pair("/sites-enabled", "")}) {
    const UniqueFd opened(::open((folder + below).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) continue;
    const auto names = host::names_in(opened.get(), folder + below);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (name.ends_with(ending) && files.size() < most_settings_files) files.push_back(folder + below + "/" + name);
    }
  }
  return files;
}

std::string without_blank_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

std::optional<std::string> HostLook::program(const std::string& name) const {
  for (const char* folder : search_path) {
    std::string path = std::string(folder) + "/" + name;
    struct stat found{};
    if (::stat((prefix_ + path).c_str(), &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & 0111U) != 0)
      return path;
  }
  return std::nullopt;
}

bool HostLook::has_systemd() const {
  std::error_code ignored;
  return fs::is_directory(prefix_ + "/run/systemd/system", ignored);
}

Result<FoundNginx> HostLook::nginx() const {
  FoundNginx found;
  const auto installed = program("nginx");
  if (!installed) {
    return failure(ErrorKind::not_found,
                   "nginx is not installed: there is no program \"nginx\" in the system's folders",
                   "install it, or leave --nginx out");
  }
  found.program = *installed;
  found.folder = "/etc/nginx";
  const std::string main_file = fmt::format("{}{}/nginx.conf", prefix_, found.folder);
  std::error_code ignored;
  if (!fs::is_regular_file(main_file, ignored)) {
    return failure(ErrorKind::not_found, fmt::format("{} is there, but no {}/nginx.conf", found.program, found.folder),
                   "a configuration elsewhere is managed with --folder DIR --baseline DIR");
  }
  NginxSettings settings;
  read_nginx_settings(beginning_of(main_file), settings);
  const std::string pid = settings.pid.starts_with('/') ? settings.pid : "/run/nginx.pid";
  for (const std::string& file : included_files(prefix_ + found.folder))
    read_nginx_settings(beginning_of(file), settings);
  // /var/run is a symlink, which no target may lead through.
  const fs::path folder =
      prefix_.empty() ? fs::path(resolved(fs::path(pid).parent_path())) : fs::path(pid).parent_path();
  found.pidfile = (folder / fs::path(pid).filename()).string();
  found.listen = listen_to_probe(settings);
  found.has_systemd = has_systemd();
  return found;
}

bool is_unit_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name.front() != '-' && name.front() != '.' &&
         std::ranges::all_of(
             name, [](char c) { return ascii::is_letter_or_digit(c) || std::string_view(":-_.\\@").contains(c); });
}

Result<void> HostLook::unit(const std::string& name) const {
  if (!is_unit_name(name))
    return failure(ErrorKind::invalid, fmt::format("\"{}\" is not the name of a unit", name),
                   "such as nginx or nginx.service");
  if (!has_systemd()) {
    return failure(ErrorKind::unavailable, "systemd does not run here (there is no /run/systemd/system)",
                   "leave --unit out; services without systemd have `restart` or `start`: autoheal config help");
  }
  const auto systemctl = program("systemctl");
  if (!systemctl) return failure(ErrorKind::unavailable, "there is no program \"systemctl\" in the system's folders");
  workflows::RunRequest request;
  request.run.argv = {prefix_ + *systemctl, "show", "--property=LoadState", "--value", name};
  request.run.cwd = "/";
  request.mark = fmt::format("init/{}/0/0", name);
  const workflows::RunOutcome ran = host::run_program(request);
  if (!ran.started || ran.timed_out || ran.exit_code != 0) {
    const std::string why = ran.message.empty() ? without_blank_end(ran.standard_error) : ran.message;
    return failure(ErrorKind::unavailable, "systemd does not answer: " + why);
  }
  const std::string state = without_blank_end(ran.standard_output);
  if (state == "loaded") return {};
  return failure(ErrorKind::not_found,
                 fmt::format("systemd has no unit \"{}\" that it could start: it is {}", name, state),
                 "`systemctl list-unit-files` lists them");
}

}  // namespace autoheal::cli
