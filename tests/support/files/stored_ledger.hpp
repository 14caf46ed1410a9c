// The ledgers in tests/ledgers that earlier versions left, unpacked where a test may do with them what it likes.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/worlds/program.hpp"

namespace autoheal::testing {

inline std::vector<std::string> stored_ledgers() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(AUTOHEAL_SOURCE_DIR "/tests/ledgers")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".tar.gz")) names.push_back(name.substr(0, name.size() - 7));
  }
  return names;
}

class UnpackedLedger {
 public:
  explicit UnpackedLedger(const std::string& stored) {
    std::string name = ::testing::TempDir() + "stored." + std::string(6, 'X');
    folder_ = ::mkdtemp(name.data());
    const Ran unpacked = run({{"/usr/bin/tar", "-xzf", AUTOHEAL_SOURCE_DIR "/tests/ledgers/" + stored + ".tar.gz"},
                              {},
                              {},
                              folder_.string()});
    EXPECT_EQ(unpacked.exit_code, 0) << unpacked.err;
  }
  ~UnpackedLedger() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  UnpackedLedger(const UnpackedLedger&) = delete;
  UnpackedLedger& operator=(const UnpackedLedger&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "var/ledger.db"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace autoheal::testing
