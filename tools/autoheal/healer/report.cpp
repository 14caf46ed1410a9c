#include "tools/autoheal/healer/report.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fmt/core.h>

#include <cerrno>
#include <mutex>
#include <system_error>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/system_error.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"

namespace autoheal::cli {

namespace {

Error system_failure(const std::string& what, int error_number) {
  Error error = system_error(ErrorKind::unavailable, what, error_number);
  error.hint = "check the folder that `reports:` names";
  return error;
}

Result<void> replace_file(const std::filesystem::path& path, const std::string& text) {
  // Self-tests that end at the same moment write on several threads.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const std::string temporary = path.string() + ".new";
  const UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return std::unexpected(system_failure("cannot write " + temporary, errno));
  auto written = write_whole(file.get(), text);
  if (written && (::fsync(file.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0))
    written = std::unexpected(errno);
  if (written) return {};
  ::unlink(temporary.c_str());
  return std::unexpected(system_failure("cannot write " + path.string(), written.error()));
}

}  // namespace

std::string report_id(const std::filesystem::path& folder, Timestamp now) {
  std::string digits;
  for (const char c : format_timestamp(now).substr(0, 19)) {
    if (ascii::is_digit(c)) digits += c;
  }
  const std::string id = fmt::format("bridge_selftest_{}_{}", digits.substr(0, 8), digits.substr(8));
  std::error_code ignored;
  std::string numbered = id;
  for (unsigned number = 2; std::filesystem::exists(folder / (numbered + ".json"), ignored); ++number) {
    numbered = id + "_" + std::to_string(number);
  }
  return numbered;
}

Result<void> write_latest_report(const std::filesystem::path& folder, const std::string& text) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    return failure(ErrorKind::unavailable,
                   fmt::format("cannot make the report folder {}: {}", folder.string(), problem.message()),
                   "check `reports:` in the configuration");
  }
  return replace_file(folder / "latest.json", text);
}

Result<std::filesystem::path> write_report(const std::filesystem::path& folder, const std::string& id,
                                           const std::string& text) {
  AUTOHEAL_TRY(write_latest_report(folder, text));
  auto path = folder / (id + ".json");
  AUTOHEAL_TRY(replace_file(path, text));
  return path;
}

}  // namespace autoheal::cli
