// Programs to run, and whether a process has ended.
#pragma once

#include <poll.h>
#include <sys/syscall.h>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/unit/host/host_fixture.hpp"
#include "tools/host/process/process_runner.hpp"

namespace autoheal::host {

class ProgramTest : public HostTest {
 protected:
  workflows::RunRequest request(std::vector<std::string> argv,
                                workflows::ChildPolicy children = workflows::ChildPolicy::end_all) {
    workflows::ProgramRun run;
    run.argv = std::move(argv);
    run.cwd = spec_.root;
    return {run, mark_, children};
  }
  workflows::RunRequest shell(const std::string& text,
                              workflows::ChildPolicy children = workflows::ChildPolicy::end_all) {
    return request({script("script" + std::to_string(++scripts_), text).string()}, children);
  }
  static bool ends(pid_t pid, int milliseconds = 5000) {
    const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (!handle) return true;
    pollfd wanted{handle.get(), POLLIN, 0};
    return ::poll(&wanted, 1, milliseconds) == 1;
  }

 private:
  int scripts_ = 0;
};

}  // namespace autoheal::host
