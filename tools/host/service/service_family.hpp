// The processes of a service: those that its main process started, and those in its control group.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tools/host/system/process_table.hpp"

namespace autoheal::host {

// As the machine is at the moment of its making.
class ServiceFamily {
 public:
  explicit ServiceFamily(pid_t main_process);

  [[nodiscard]] bool lives() const { return processes_.contains(main_); }
  [[nodiscard]] bool has(pid_t process) const { return members_.contains(process); }
  [[nodiscard]] const std::set<pid_t>& members() const { return members_; }
  [[nodiscard]] const std::map<pid_t, ProcessInfo>& processes() const { return processes_; }
  // Why a process that is none of them may be one all the same; empty: it is none.
  [[nodiscard]] std::string doubt_about(pid_t process) const;

 private:
  [[nodiscard]] bool descends(pid_t process, pid_t from) const;
  [[nodiscard]] bool belongs(const ProcessInfo& process) const;

  pid_t main_;
  std::map<pid_t, ProcessInfo> processes_;
  std::set<pid_t> members_;
  std::string group_;  // the control group of its unit; empty: it has none of its own
  std::string mark_;   // that the heal which started it gave it; empty: none
};

// The name of the program that a process runs: of its file, or as the process calls itself.
[[nodiscard]] std::string program_name_of(pid_t process);

}  // namespace autoheal::host
