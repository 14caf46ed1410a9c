// Tells that a process which a pidfile names has ended, the moment it does: one pidfd for each, waited for on an
// executor, with no thread of its own and nothing to do while all live.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "autoheal/engine/base/result.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/workflows/service/process_end.hpp"
#include "tools/host/system/own_files.hpp"
#include "tools/host/watch/watched_engine.hpp"

namespace autoheal::host {

// All on the executor's thread, one call at a time; so are the callbacks, which may call back in here and may destroy
// the object. A pidfile is believed as the process probe believes it: one that is stale and whose number was given to
// another process leads at worst to a look that was not needed.
class ProcessWatch {
 public:
  // `executor`'s context outlives the watch. `own_files`: absolute, never opened as pidfiles.
  explicit ProcessWatch(boost::asio::any_io_executor executor, std::vector<std::filesystem::path> own_files = {});
  virtual ~ProcessWatch();
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;

  // Set before `watch`. An engine's process has ended; it is watched no more until `look_again` finds another.
  std::function<void(const std::string& engine, workflows::ProcessEnd how)> ended;
  std::function<void(const std::string& sentence)> warn;

  // Replaces all that was watched; the end of a process that stays watched is still reported.
  void watch(const std::vector<WatchedProcess>& processes);
  // Reads the engine's pidfiles again: after a heal, or when one was changed. A pidfile that names no process does not
  // change the watched one.
  void look_again(const std::string& engine);

  [[nodiscard]] std::size_t processes_watched() const;

 protected:
  // The kernel's word, for tests: a descriptor, or -1 and errno.
  virtual UniqueFd open_process(pid_t pid);

 private:
  struct Living;
  struct Entry {
    WatchedProcess process;
    std::unique_ptr<Living> living;  // null: nothing to wait for
  };

  void look(Entry& entry);
  void wait_for(Entry& entry, pid_t pid, UniqueFd opened);
  void tell_ended(std::uint64_t number);
  [[nodiscard]] Result<pid_t> pid_of(const WatchedProcess& process) const;
  void note_problem(const WatchedProcess& process, const std::string& why);
  void tell_problems();

  boost::asio::any_io_executor executor_;
  std::vector<std::filesystem::path> own_files_;
  std::multimap<std::string, Entry> entries_;              // by engine
  std::uint64_t last_number_ = 0;                          // tells one wait from the next
  std::map<std::string, std::set<std::string>> problems_;  // sentence -> engines, to be told
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace autoheal::host
