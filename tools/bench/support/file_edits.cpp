#include "tools/bench/support/file_edits.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

namespace autoheal::bench {

namespace fs = std::filesystem;

namespace {

// One open and one write, so that a watcher has as little to see as with any editor.
void write(const fs::path& file, const std::string& content) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, right_mode);
  (void)!::write(opened, content.data(), content.size());
  ::close(opened);
}

std::string wrong(std::size_t number) { return "port = oops " + std::to_string(number) + "\n"; }

// Beside the root, on its file system: outside of what is watched.
fs::path replacement_of(const fs::path& file) { return file.parent_path().parent_path() / "replacement"; }

}  // namespace

void make_right(const fs::path& file) {
  write(file, right_content);
  ::chmod(file.c_str(), right_mode);
}

void prepare(Edit edit, const fs::path& file, std::size_t number) {
  if (edit == Edit::replaced) write(replacement_of(file), wrong(number));
}

void make(Edit edit, const fs::path& file, std::size_t number) {
  switch (edit) {
    case Edit::in_place:
      return write(file, wrong(number));
    case Edit::replaced:
      ::rename(replacement_of(file).c_str(), file.c_str());
      return;
    case Edit::deleted:
      ::unlink(file.c_str());
      return;
    case Edit::mode:
      ::chmod(file.c_str(), 0666);
      return;
  }
}

bool is_right(const fs::path& file) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return false;
  struct stat status{};
  std::array<char, 256> content;
  const ssize_t size = ::read(opened, content.data(), content.size());
  const bool regular = ::fstat(opened, &status) == 0 && S_ISREG(status.st_mode);
  ::close(opened);
  return regular && (status.st_mode & 07777U) == right_mode && size >= 0 &&
         std::string_view(content.data(), static_cast<std::size_t>(size)) == right_content;
}

}  // namespace autoheal::bench
