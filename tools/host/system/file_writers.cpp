#include "tools/host/system/file_writers.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"

namespace autoheal::host {

namespace {

struct CloseProcFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using ProcFolder = std::unique_ptr<DIR, CloseProcFolder>;

ProcFolder open_proc_folder(int above, const char* name) {
  UniqueFd opened(::openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ProcFolder folder(opened ? ::fdopendir(opened.get()) : nullptr);
  if (folder) (void)opened.release();
  return folder;
}

// Calls `take` with each name that is a number.
template <class Take>
void each_number(DIR* folder, const Take& take) {
  while (const dirent* entry = ::readdir(folder)) {
    const char first = entry->d_name[0];
    if (first >= '0' && first <= '9') take(entry->d_name);
  }
}

std::string read_proc_start(int above, const char* name) {
  const UniqueFd opened(::openat(above, name, O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;
  return std::string(text.data(), opened ? read_up_to(opened.get(), text).value_or(0) : 0);
}

std::string read_proc_whole(int above, const char* name) {
  const UniqueFd opened(::openat(above, name, O_RDONLY | O_CLOEXEC));
  return opened ? read_whole(opened.get(), no_limit).value_or(std::string()) : std::string();
}

// "flags:\t0100001" of fdinfo.
bool is_for_writing(int process, const char* descriptor) {
  const std::string info = read_proc_start(process, (std::string("fdinfo/") + descriptor).c_str());
  constexpr std::string_view label = "flags:";
  auto at = info.find(label);
  if (at == std::string::npos) return false;
  at = info.find_first_of("01234567", at + label.size());
  if (at == std::string::npos) return false;
  const unsigned flags = leading_number<unsigned>(std::string_view(info).substr(at), 8).value_or(0);
  const unsigned access = flags & static_cast<unsigned>(O_ACCMODE);
  return access == static_cast<unsigned>(O_WRONLY) || access == static_cast<unsigned>(O_RDWR);
}

// "7f0c-7f0d rw-s 00000000 fe:01 1234   /path": only what is shared and may be written to.
std::optional<FileIdentity> shared_mapping(std::string_view line) {
  std::array<std::string_view, 5> fields;
  for (std::string_view& field : fields) {
    const auto end = line.find(' ');
    field = line.substr(0, end);
    if (end == std::string_view::npos) return std::nullopt;
    line.remove_prefix(end + 1);
  }
  const auto& [range, rights, offset, device, inode] = fields;
  if (rights.size() < 4 || rights[1] != 'w' || rights[3] != 's') return std::nullopt;
  const auto colon = device.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major_number = leading_number<unsigned>(device.substr(0, colon), 16);
  const auto minor_number = leading_number<unsigned>(device.substr(colon + 1), 16);
  const auto number = leading_number<unsigned long long>(inode);
  return FileIdentity{makedev(major_number.value_or(0), minor_number.value_or(0)), number.value_or(0)};
}

class WriterSearch {
 public:
  explicit WriterSearch(const std::set<FileIdentity>& files) : files_(files) {}
  FileWriters run();

 private:
  void look_into(int process, const char* name);
  void add(int process, const char* name, const FileIdentity& file, bool mapped);

  const std::set<FileIdentity>& files_;
  FileWriters found_;
};

void WriterSearch::add(int process, const char* name, const FileIdentity& file, bool mapped) {
  FileWriter writer;
  writer.pid = leading_number<pid_t>(name).value_or(writer.pid);
  auto& known = found_.of[file];
  if (std::ranges::find(known, writer.pid, &FileWriter::pid) != known.end()) return;
  writer.program = read_proc_start(process, "comm");
  if (writer.program.ends_with('\n')) writer.program.pop_back();
  writer.mapped = mapped;
  known.push_back(std::move(writer));
}

void WriterSearch::look_into(int process, const char* name) {
  const ProcFolder descriptors = open_proc_folder(process, "fd");
  if (!descriptors) {
    if (errno == EACCES || errno == EPERM) found_.saw_all = false;
    return;
  }
  const int folder = ::dirfd(descriptors.get());
  each_number(descriptors.get(), [&](const char* descriptor) {
    struct stat status{};
    if (::fstatat(folder, descriptor, &status, 0) != 0 || !S_ISREG(status.st_mode)) return;
    const auto file = FileIdentity::of(status);
    if (files_.contains(file) && is_for_writing(process, descriptor)) add(process, name, file, false);
  });
  const std::string maps = read_proc_whole(process, "maps");
  for (std::string_view rest = maps; !rest.empty();) {
    const auto end = rest.find('\n');
    if (const auto file = shared_mapping(rest.substr(0, end)); file && files_.contains(*file))
      add(process, name, *file, true);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
}

FileWriters WriterSearch::run() {
  if (files_.empty()) return {};
  const ProcFolder processes = open_proc_folder(AT_FDCWD, "/proc");
  if (!processes) return {{}, false};
  each_number(processes.get(), [&](const char* name) {
    const UniqueFd process(::openat(::dirfd(processes.get()), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (process) look_into(process.get(), name);
  });
  return std::move(found_);
}

}  // namespace

FileWriters find_writers(const std::set<FileIdentity>& files) { return WriterSearch(files).run(); }

std::string text_of(const std::vector<FileWriter>& writers) {
  if (writers.empty()) return {};
  const FileWriter& first = writers.front();
  const std::string text = fmt::format("pid {} ({}{})", first.pid, first.program, first.mapped ? ", mapped" : "");
  return writers.size() == 1 ? text : fmt::format("{} and {} more", text, writers.size() - 1);
}

}  // namespace autoheal::host
