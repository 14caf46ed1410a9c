// A root of its own for each test, with the few helpers that the host's tests share.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "autoheal/store/vault/memory_blobs.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::host {

namespace fs = std::filesystem;

class HostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    base_ = fs::path(::testing::TempDir()) / ("autoheal_host_" + std::to_string(::getpid())) /
            (std::string(info->test_suite_name()) + "." + info->name());
    fs::remove_all(base_);
    root_ = base_ / "root";
    fs::create_directories(root_);
    fs::permissions(base_, fs::perms(0755));
    spec_.name = "Demo";
    spec_.root = root_.string();
  }
  void TearDown() override {
    fs::remove_all(base_);
    std::error_code not_empty;  // another test of this process still lies beside it
    fs::remove(base_.parent_path(), not_empty);
  }

  fs::path write(const fs::path& path, const std::string& text, mode_t mode = 0644) {
    const fs::path whole = path.is_absolute() ? path : root_ / path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary | std::ios::trunc) << text;
    ::chmod(whole.c_str(), mode);
    return whole;
  }
  fs::path script(const fs::path& path, const std::string& text) { return write(path, "#!/bin/sh\n" + text, 0755); }
  std::string read(const fs::path& path) const {
    std::ifstream in(path.is_absolute() ? path : root_ / path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  struct stat status(const fs::path& path) const {
    struct stat found{};
    ::lstat((root_ / path).c_str(), &found);
    return found;
  }
  workflows::TargetFacts facts(const std::string& path) {
    auto seen = host().look(spec_, {path});
    EXPECT_TRUE(seen) << (seen ? "" : seen.error().message);
    return seen ? seen->front() : workflows::TargetFacts{};
  }
  // A change that writes `text` over `path` as it is now.
  workflows::Change rewriting(const std::string& path, const std::string& text, workflows::FileMode mode = 0640) {
    workflows::Change change;
    change.before = facts(path);
    change.after = {
        workflows::TargetKind::file, *blobs_.put(text, engine::BlobNaming::plain), mode, ::geteuid(), ::getegid(), {}};
    return change;
  }
  RealHost host() { return RealHost({blobs_, {}, 2, {}, {}}); }
  std::vector<std::string> staged() const {
    std::vector<std::string> names;
    if (!fs::exists(root_ / ".autoheal")) return names;
    for (const auto& entry : fs::directory_iterator(root_ / ".autoheal")) {
      if (entry.path().filename() != "lock") names.push_back(entry.path().filename());
    }
    return names;
  }

  fs::path base_, root_;
  workflows::EngineSpec spec_;
  store::MemoryBlobs blobs_;
  // A mark of this process alone: ending marked processes ends nothing of a test beside it.
  const std::string heal_ = "ledger" + std::to_string(::getpid()) + "/0190-heal/";
  const std::string mark_ = heal_ + "1/0";
};

}  // namespace autoheal::host
