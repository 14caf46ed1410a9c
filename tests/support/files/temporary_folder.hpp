// A folder of its own for every test, since tests run side by side; gone with its content afterwards.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace autoheal::testing {

// Where files live in memory, if there is such a place: for tests that write so many that a disk would take minutes.
inline std::string memory_folder() {
  return std::filesystem::is_directory("/dev/shm") ? "/dev/shm/" : ::testing::TempDir();
}

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& parent = ::testing::TempDir()) {
    std::string name = parent + "autoheal_store_" + std::string(6, 'X');
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Acts of another process on the file: by the sqlite3 program, because only another process has locks of its own.
// Returns what it printed, and its messages.
inline std::string foreign_sqlite(const std::filesystem::path& database, const std::string& sql,
                                  const std::string& option = "") {
  const std::string command = "sqlite3 " + option + " '" + database.string() + "' \"" + sql + "\" 2>&1";
  FILE* output = ::popen(command.c_str(), "r");
  std::string text;
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) text += static_cast<char>(c);
  ::pclose(output);
  return text;
}

}  // namespace autoheal::testing
