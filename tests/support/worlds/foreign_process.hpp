// Another process that has a database open, as a service has: it carries out one statement after the other, so that a
// test decides what is open when.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"

namespace autoheal::testing {

class ForeignProcess {
 public:
  explicit ForeignProcess(const std::filesystem::path& database) {
    std::array<int, 2> in{}, out{};
    (void)!::pipe2(in.data(), O_CLOEXEC);
    (void)!::pipe2(out.data(), O_CLOEXEC);
    to_ = UniqueFd(in[1]);
    from_ = UniqueFd(out[0]);
    std::vector<std::string> words = {"/usr/bin/python3", "-c", script, database.string()};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
  }
  ~ForeignProcess() {
    to_.reset();
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }
  ForeignProcess(const ForeignProcess&) = delete;
  ForeignProcess& operator=(const ForeignProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The rows as JSON, or SQLite's words after "error: ". Waits for no lock.
  std::string operator()(const std::string& sql) const {
    const std::string line = sql + "\n";
    if (::write(to_.get(), line.data(), line.size()) < 0) return "error: it is gone";
    std::string answer;
    for (char one = 0; ::read(from_.get(), &one, 1) == 1 && one != '\n';) answer += one;
    return answer;
  }

 private:
  static constexpr const char* script = R"(
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
for line in sys.stdin:
    try:
        print(json.dumps(connection.execute(line).fetchall()), flush=True)
    except sqlite3.Error as error:
        print("error:", error, flush=True)
)";
  UniqueFd to_, from_;
  pid_t pid_ = -1;
};

}  // namespace autoheal::testing
