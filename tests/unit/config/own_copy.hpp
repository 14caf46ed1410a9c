// The examples in a folder that belongs to the user who runs the tests: a configuration of somebody else is refused,
// and a checkout may be somebody else's.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace autoheal::testing {

// Where the examples lie; removed when the process ends.
inline const std::filesystem::path& own_examples() {
  struct Copy {
    std::filesystem::path folder;
    Copy() {
      std::string name = ::testing::TempDir() + "examples." + std::string(6, 'X');
      folder = ::mkdtemp(name.data());
      const std::filesystem::path source = std::filesystem::path(AUTOHEAL_SOURCE_DIR) / "tests/unit/config";
      for (const char* part : {"good", "broken"})
        std::filesystem::copy(source / part, folder / part, std::filesystem::copy_options::recursive);
    }
    ~Copy() {
      std::error_code ignored;
      std::filesystem::remove_all(folder, ignored);
    }
  };
  static const Copy copy;
  return copy.folder;
}

// The same text wherever the examples lie.
inline std::string without_own_folder(std::string text) {
  const std::string folder = own_examples().string();
  for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
    text.replace(at, folder.size(), "FOLDER");
  return text;
}

}  // namespace autoheal::testing
