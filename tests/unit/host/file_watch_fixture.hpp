// A watch of files in a folder of the test, with a second engine by which a test sees that earlier events were taken.
#pragma once

#include <sys/inotify.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/host/watch_fixture.hpp"
#include "tools/host/watch/file_watch.hpp"

namespace autoheal::host {

// A watch whose kernel can be told to refuse, and that can be given events that never happened.
class WatchOfFiles final : public FileWatch {
 public:
  WatchOfFiles(boost::asio::io_context& context, OwnChanges& own, std::vector<fs::path> own_files)
      : FileWatch(context.get_executor(), UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), own,
                  std::move(own_files)) {
    wait();
  }
  using FileWatch::take;
  int refuse_with = 0;

 private:
  int add_watch(int descriptor, std::uint32_t mask) override {
    return refuse_with != 0 ? -refuse_with : FileWatch::add_watch(descriptor, mask);
  }
};

class FileWatchTest : public WatchTest {
 protected:
  // Engine "Other" watches a file of its own, by which a test sees that all events before were taken.
  void watch(std::vector<std::string> paths, std::vector<std::string> presence = {},
             std::vector<std::string> patterns = {}) {
    engines_ = {{"Demo", root_.string(), std::move(paths), std::move(presence), std::move(patterns)}, other()};
    start();
  }
  WatchedEngine other() {
    write(base_ / "other/marker", "0");
    return {"Other", (base_ / "other").string(), {"marker"}};
  }
  void start() {
    if (!watch_) watch_ = std::make_unique<WatchOfFiles>(context_, own_, own_files_);
    watch_->changed = [this](const std::string& engine) { ++told_[engine]; };
    watch_->sweep = [this](const std::string&) { ++sweeps_; };
    watch_->warn = [this](const std::string& sentence) { warnings_.push_back(sentence); };
    watch_->watch(engines_);
  }
  bool told(const std::string& engine = "Demo") {
    const bool came = until([&] { return told_[engine] > 0; });
    told_.clear();
    return came;
  }
  bool silent(const std::string& engine = "Demo") {
    std::ofstream(base_ / "other/marker") << "1";
    EXPECT_TRUE(until([&] { return told_["Other"] > 0; }));
    const bool none = told_[engine] == 0;
    told_.clear();
    return none;
  }
  void note(const std::string& path) {
    const struct stat now = status(path);
    own_.note((root_ / path).string(), now.st_dev, now.st_ino,
              now.st_ctim.tv_sec * 1'000'000'000LL + now.st_ctim.tv_nsec);
  }

  OwnChanges own_;
  std::vector<fs::path> own_files_;
  std::vector<WatchedEngine> engines_;
  std::unique_ptr<WatchOfFiles> watch_;
  int sweeps_ = 0;
};

}  // namespace autoheal::host
