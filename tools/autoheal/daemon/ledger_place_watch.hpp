// Tells the daemon, the moment it happens, that the files of its ledger may be elsewhere: a file or a folder above it
// is renamed, removed or exchanged, a link on the way is switched, something is mounted over. Files are written to
// through descriptors, so that nothing else would notice before the next commit.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "autoheal/engine/boot_timer.hpp"
#include "autoheal/engine/ports.hpp"
#include "tools/host/watch/file_watch.hpp"

namespace autoheal::cli {

// On the executor's thread. An event only means "look".
class LedgerPlaceWatch {
 public:
  // `look` is called from now on, not before the first event. Where the kernel gives no watch (told through `warn`) it
  // is called every second.
  LedgerPlaceWatch(const boost::asio::any_io_executor& executor, const engine::Clock& clock,
                   const std::filesystem::path& ledger, std::function<void()> look,
                   std::function<void(const std::string&)> warn);

 private:
  void look_every_second(const boost::asio::any_io_executor& executor);
  [[nodiscard]] bool watch_writers(const boost::asio::any_io_executor& executor, const std::filesystem::path& ledger);
  void wait_for_writers();

  const engine::Clock& clock_;
  std::function<void()> look_;
  host::OwnChanges none_of_ours_;
  std::unique_ptr<host::FileWatch> files_;
  std::unique_ptr<boost::asio::posix::stream_descriptor> writers_;
  std::unique_ptr<engine::BootTimer> timer_;
};

}  // namespace autoheal::cli
