#include "tools/bench/load/played_clients.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <new>
#include <utility>

#include "tools/bench/support/spawned.hpp"

namespace autoheal::bench {

Result<PlayedClients> PlayedClients::start(int niceness, std::function<void(PlayedTogether&)> play) {
  void* shared = ::mmap(nullptr, sizeof(PlayedTogether), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return failure(ErrorKind::failed, "no memory for what the clients tell");
  auto* together = new (shared) PlayedTogether;
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)!::nice(niceness);
    play(*together);
    ::_exit(0);
  }
  if (child > 0) return PlayedClients(together, child);
  ::munmap(shared, sizeof(PlayedTogether));
  return failure(ErrorKind::failed, "no process for the clients");
}

PlayedClients::PlayedClients(PlayedClients&& other) noexcept
    : together_(std::exchange(other.together_, nullptr)), pid_(std::exchange(other.pid_, -1)) {}

PlayedClients::~PlayedClients() {
  if (!together_) return;
  ::kill(pid_, SIGKILL);
  (void)wait_for(pid_);
  ::munmap(together_, sizeof(PlayedTogether));
}

}  // namespace autoheal::bench
