// A scratch folder with one engine in it, written as an owner would write it, and the program to heal it with.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/worlds/happenings.hpp"
#include "tests/support/worlds/program.hpp"

namespace autoheal::testing {

class Bridge {
 public:
  Bridge() = default;
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  [[nodiscard]] std::filesystem::path path(const std::string& relative) const { return folder_ / relative; }
  void write(const std::string& relative, const std::string& content, unsigned mode = 0644) const;
  void script(const std::string& relative, const std::string& body) const;  // executable, #!/bin/sh
  [[nodiscard]] std::string read(const std::string& relative) const;
  [[nodiscard]] bool exists(const std::string& relative) const;
  // autoheal.yaml; `head` stands before `engines:`, retry_delay is 0.
  void configure(const std::string& engines, const std::string& head = "") const;

  // Everything below the folder but Autoheal's own files and run/ (what a service keeps there changes with it): kind,
  // mode, owner, link or content; inode and mtime if asked.
  [[nodiscard]] std::string picture(bool exact = false) const;

  [[nodiscard]] Ran autoheal(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {},
                             const std::string& input = {}) const;
  [[nodiscard]] Invocation invocation(std::vector<std::string> arguments,
                                      std::map<std::string, std::string> environment = {}) const;
  // Lines of `ledger export` whose type is `type`.
  [[nodiscard]] std::vector<std::string> entries(const std::string& type) const;
  // The types of the newest heal's entries, without "heal.".
  [[nodiscard]] std::vector<std::string> types_of_heal() const;
  // Processes that carry this ledger's mark.
  [[nodiscard]] std::vector<std::string> marked_processes() const;

  // Whatever a test did: when it is over, today's code decides every heal again as it was recorded. False where a test
  // spoils ledger or vault.
  bool replays = true;

 private:
  void replay_ledgers() const;
  static std::filesystem::path made_folder();

  const std::filesystem::path folder_ = made_folder();
  const WatchedFolder watched_{folder_};
};

}  // namespace autoheal::testing
