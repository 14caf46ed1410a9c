// Tells that something was mounted or unmounted: what a path leads to is another then, and no event of a folder says
// so.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "autoheal/engine/base/result.hpp"

namespace autoheal::host {

// One line of /proc/self/mountinfo: which mount, and where.
struct Mount {
  std::string id, place;
  friend auto operator<=>(const Mount&, const Mount&) = default;
};
[[nodiscard]] std::set<Mount> mounts_in(std::string_view mountinfo);
// Where something was mounted or unmounted between two looks.
[[nodiscard]] std::set<std::string> places_that_differ(const std::set<Mount>& before, const std::set<Mount>& after);
// A change at `place` can concern what lies at and below `folder`; both without links.
[[nodiscard]] bool concerns(std::string_view place, std::string_view folder);

// On the executor's thread.
class MountWatch {
 public:
  // unavailable: the kernel does not say.
  [[nodiscard]] static Result<std::unique_ptr<MountWatch>> create(const boost::asio::any_io_executor& executor);
  ~MountWatch() { *alive_ = false; }
  MountWatch(const MountWatch&) = delete;
  MountWatch& operator=(const MountWatch&) = delete;

  std::function<void(const std::set<std::string>& places)> changed;
  [[nodiscard]] const std::set<Mount>& mounts() const { return mounts_; }

 private:
  MountWatch(const boost::asio::any_io_executor& executor, int table);
  void wait();
  void look();

  boost::asio::posix::stream_descriptor table_;
  std::set<Mount> mounts_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace autoheal::host
