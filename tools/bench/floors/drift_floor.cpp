#include "tools/bench/floors/drift_floor.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "tools/bench/floors/sqlite_floor.hpp"
#include "tools/bench/support/file_edits.hpp"

namespace autoheal::bench {

namespace fs = std::filesystem;

namespace {

using std::chrono::steady_clock;

std::string digest_of(const fs::path& file) {
  std::ifstream stream(file);
  return sha256_name(std::string(std::istreambuf_iterator<char>(stream), {}));
}

// As tools/host does it: a new file, synced, put in place by a rename, its folder synced.
bool rewrite(const fs::path& folder, const fs::path& file) {
  const fs::path fresh = folder / "staging" / "next";
  const UniqueFd written(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, right_mode));
  const std::string_view content = right_content;
  if (::write(written.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size())) return false;
  if (::fsync(written.get()) != 0 || ::rename(fresh.c_str(), file.c_str()) != 0) return false;
  const UniqueFd above(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return ::fsync(above.get()) == 0;
}

// Sees each edit by inotify and repairs it, until all trials are done.
struct Repairer {
  fs::path folder, file;
  BareLedger& ledger;
  UniqueFd inotify;
  std::string problem;

  std::array<steady_clock::time_point, 2> repair_one(std::size_t round) {
    const std::string right = sha256_name(right_content);
    std::array<char, 4096> events;
    while (is_right(file)) (void)!::read(inotify.get(), events.data(), events.size());
    if (digest_of(file) == right) problem.clear();  // looked at, whatever it says: the mode may be what drifted
    commit(round, 0);
    commit(round, 1);
    if (!rewrite(folder, file)) problem = "the floor's file cannot be written";
    const auto done = steady_clock::now();
    commit(round, 2);
    if (digest_of(file) != right) problem = "the floor's file is not right";
    commit(round, 3);
    return {done, steady_clock::now()};
  }
  void commit(std::size_t round, std::size_t number) {
    if (auto committed = ledger.commit(round, number, 1); !committed) problem = committed.error().message;
  }
};

}  // namespace

Result<DriftTimes> drift_floor(const fs::path& folder, std::size_t trials, const std::vector<std::string>& heal_texts) {
  fs::create_directories(folder / "root");
  fs::create_directories(folder / "staging");
  auto ledger = BareLedger::open(folder / "floor.db", heal_texts);
  AUTOHEAL_TRY(ledger);
  Repairer repairer{folder, folder / "root" / "app.conf", **ledger, UniqueFd(::inotify_init1(IN_CLOEXEC)), {}};
  make_right(repairer.file);
  ::inotify_add_watch(repairer.inotify.get(), repairer.file.parent_path().c_str(),
                      IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_ATTRIB);
  DriftTimes times;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    const Edit edit = static_cast<Edit>(trial % edit_kinds);
    prepare(edit, repairer.file, trial);
    std::array<steady_clock::time_point, 2> ended{};
    std::thread healer([&] { ended = repairer.repair_one(trial); });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // as for the daemon: the edit meets a healer at rest
    const auto began = steady_clock::now();
    make(edit, repairer.file, trial);
    healer.join();
    if (!repairer.problem.empty()) return failure(ErrorKind::failed, repairer.problem);
    times.right_ms.push_back(std::chrono::duration<double, std::milli>(ended[0] - began).count());
    times.complete_ms.push_back(std::chrono::duration<double, std::milli>(ended[1] - began).count());
  }
  return times;
}

}  // namespace autoheal::bench
