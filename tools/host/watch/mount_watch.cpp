#include "tools/host/watch/mount_watch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/host/system/system_error.hpp"

namespace autoheal::host {

namespace asio = boost::asio;

namespace {

constexpr const char* mount_table = "/proc/self/mountinfo";

std::string table_text(int descriptor) { return read_whole(descriptor, no_limit).value_or(std::string()); }

// Blanks and backslashes stand as three octal digits.
std::string without_octal(std::string_view written) {
  std::string text;
  for (std::size_t at = 0; at < written.size(); ++at) {
    const bool coded = written[at] == '\\' && at + 3 < written.size();
    if (!coded) {
      text += written[at];
      continue;
    }
    unsigned byte = 0;
    for (int digit = 0; digit < 3; ++digit) byte = byte * 8 + static_cast<unsigned>(written[++at] - '0');
    text += static_cast<char>(byte);
  }
  return text;
}

std::string_view field_of(std::string_view line, unsigned number) {
  for (; number > 0; --number) {
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) return {};
    line.remove_prefix(blank + 1);
  }
  return line.substr(0, line.find(' '));
}

}  // namespace

std::set<Mount> mounts_in(std::string_view mountinfo) {
  std::set<Mount> mounts;
  while (!mountinfo.empty()) {
    const auto end = mountinfo.find('\n');
    const std::string_view line = mountinfo.substr(0, end);
    const std::string_view place = field_of(line, 4);
    if (!place.empty()) mounts.insert({std::string(field_of(line, 0)), without_octal(place)});
    if (end == std::string_view::npos) break;
    mountinfo.remove_prefix(end + 1);
  }
  return mounts;
}

std::set<std::string> places_that_differ(const std::set<Mount>& before, const std::set<Mount>& after) {
  std::vector<Mount> different;
  std::ranges::set_symmetric_difference(before, after, std::back_inserter(different));
  std::set<std::string> places;
  for (Mount& mount : different) places.insert(std::move(mount.place));
  return places;
}

bool concerns(std::string_view place, std::string_view folder) {
  const auto holds = [](std::string_view outer, std::string_view inner) {
    return outer == "/" || inner == outer || (inner.starts_with(outer) && inner[outer.size()] == '/');
  };
  return holds(place, folder) || holds(folder, place);
}

Result<std::unique_ptr<MountWatch>> MountWatch::create(const asio::any_io_executor& executor) {
  UniqueFd table(::open(mount_table, O_RDONLY | O_CLOEXEC));
  if (!table) return system_failure(mount_table, errno);
  try {
    std::unique_ptr<MountWatch> watch(new MountWatch(executor, table.get()));
    (void)table.release();
    watch->wait();
    return watch;
  } catch (const std::exception& error) {
    return failure(ErrorKind::unavailable, std::string(mount_table) + ": " + error.what());
  }
}

MountWatch::MountWatch(const asio::any_io_executor& executor, int table) : table_(executor, table) {
  mounts_ = mounts_in(table_text(table));
}

// The kernel tells of a change by an error condition, and of readiness all the time.
void MountWatch::wait() {
  table_.async_wait(asio::posix::descriptor_base::wait_error, [this, alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    look();
    if (*alive) wait();
  });
}

void MountWatch::look() {
  auto now = mounts_in(table_text(table_.native_handle()));
  const auto places = places_that_differ(mounts_, now);
  mounts_ = std::move(now);
  const auto changed_now = changed;  // a callback may end this object
  if (!places.empty() && changed_now) changed_now(places);
}

}  // namespace autoheal::host
