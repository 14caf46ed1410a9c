// Where a socket may lie, what may lie there already, and how long its path may be.
#include "tools/http/socket_path.hpp"

#include <fcntl.h>
#include <sys/un.h>

#include <algorithm>
#include <fstream>

#include "tests/unit/http/http_fixture.hpp"

namespace autoheal::http {
namespace {

using SocketPathTest = FolderTest;

TEST_F(SocketPathTest, EverybodyMayConnectWhateverTheUmaskSays) {
  const mode_t before = ::umask(0777);
  const auto listening = listen_at(path_);
  ::umask(before);
  ASSERT_TRUE(listening) << listening.error().message;
  struct stat status{};
  ASSERT_EQ(::lstat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFSOCK | 0666));
  EXPECT_NE(::fcntl(listening->socket.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(connect_to(path_, {}));
}

TEST_F(SocketPathTest, TheFileGoesWithItsOwnerUnlessItIsAnothers) {
  {
    const auto listening = listen_at(path_);
    ASSERT_TRUE(listening);
    EXPECT_TRUE(fs::exists(path_));
  }
  EXPECT_FALSE(fs::exists(path_));
  auto first = listen_at(path_);
  ASSERT_TRUE(first);
  fs::remove(path_);
  const auto second = listen_at(path_);
  ASSERT_TRUE(second);
  first = failure(ErrorKind::failed, "it ended");
  EXPECT_TRUE(*somebody_listens(path_)) << "the first took the second's socket away";
}

TEST_F(SocketPathTest, AStaleSocketIsReplacedALivingOneIsNotDisturbed) {
  leave_stale_socket(path_);
  EXPECT_FALSE(*somebody_listens(path_));
  EXPECT_EQ(connect_to(path_, {}).error().kind, ErrorKind::not_found);
  const auto living = listen_at(path_);
  ASSERT_TRUE(living) << living.error().message;
  EXPECT_TRUE(*somebody_listens(path_));
  const auto second = listen_at(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::busy);
  EXPECT_NE(second.error().message.find(path_), std::string::npos);
  EXPECT_TRUE(connect_to(path_, {}));
}

TEST_F(SocketPathTest, AFolderThatOthersCanWriteIsRefusedWithPathAndMode) {
  ASSERT_EQ(::chmod(base_.c_str(), 01777), 0);
  const auto made = listen_at(path_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::unavailable);
  EXPECT_NE(made.error().message.find(base_.string()), std::string::npos) << made.error().message;
  EXPECT_NE(made.error().message.find("1777"), std::string::npos) << made.error().message;
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SocketPathTest, NoSymlinkIsFollowed) {
  fs::create_directory(base_ / "real");
  fs::create_directory_symlink("real", base_ / "link");
  const std::string through = (base_ / "link/l.sock").string();
  const auto in_link = listen_at(through);
  ASSERT_FALSE(in_link);
  EXPECT_EQ(in_link.error().kind, ErrorKind::unavailable);
  EXPECT_NE(in_link.error().message.find("link, is a symbolic link"), std::string::npos) << in_link.error().message;
  EXPECT_EQ(connect_to(through, {}).error().kind, ErrorKind::refused);

  const auto real = listen_at((base_ / "real/l.sock").string());
  ASSERT_TRUE(real);
  fs::create_symlink("real/l.sock", path_);
  const auto at_link = listen_at(path_);
  ASSERT_FALSE(at_link);
  EXPECT_EQ(at_link.error().kind, ErrorKind::unavailable);
  EXPECT_NE(at_link.error().message.find(path_ + " is a symbolic link"), std::string::npos);
  EXPECT_EQ(connect_to(path_, {}).error().kind, ErrorKind::refused);
  EXPECT_EQ(somebody_listens(path_).error().kind, ErrorKind::refused);
  EXPECT_TRUE(fs::is_symlink(path_));
}

TEST_F(SocketPathTest, WhatIsNoSocketStays) {
  std::ofstream(path_) << "a letter";
  const auto made = listen_at(path_);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::unavailable);
  EXPECT_NE(made.error().message.find(path_ + " is not a socket"), std::string::npos);
  EXPECT_TRUE(fs::is_regular_file(path_));
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_FALSE(listen_at(path_));
  EXPECT_TRUE(fs::is_directory(path_));
}

TEST_F(SocketPathTest, NobodyIsThere) {
  EXPECT_FALSE(*somebody_listens(path_));
  EXPECT_EQ(connect_to(path_, {}).error().kind, ErrorKind::not_found);
  const std::string nowhere = (base_ / "missing/l.sock").string();
  EXPECT_FALSE(*somebody_listens(nowhere));
  EXPECT_EQ(connect_to(nowhere, {}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(listen_at(nowhere).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(connect_to(base_.string() + "/", {}).error().kind, ErrorKind::invalid);
}

TEST_F(SocketPathTest, ALongPathIsBoundAndConnectedThroughItsFolder) {
  const fs::path deep = base_ / std::string(120, 'd') / std::string(120, 'e');
  fs::create_directories(deep);
  const std::string path = (deep / "ledger.db.sock").string();
  ASSERT_GT(path.size(), 240U);
  {
    const auto listening = listen_at(path);
    ASSERT_TRUE(listening) << listening.error().message;
    EXPECT_TRUE(fs::is_socket(path));
    EXPECT_TRUE(*somebody_listens(path));
    EXPECT_TRUE(connect_to(path, {}));
    EXPECT_EQ(listen_at(path).error().kind, ErrorKind::busy);
  }
  EXPECT_FALSE(fs::exists(path));
  const auto endless = listen_at((deep / std::string(150, 'f')).string());
  ASSERT_FALSE(endless);
  EXPECT_NE(endless.error().message.find("too long"), std::string::npos) << endless.error().message;
}

TEST_F(SocketPathTest, AFullQueueIsSomebodyAndIsWaitedForNoLongerThanSaid) {
  const auto listening = listen_at(path_);
  ASSERT_TRUE(listening);
  std::vector<ConnectedSocket> queued;
  while (true) {
    auto one = connect_to(path_, std::chrono::milliseconds(20));
    if (!one) {
      EXPECT_EQ(one.error().kind, ErrorKind::timed_out) << one.error().message;
      break;
    }
    queued.push_back(std::move(*one));
    ASSERT_LT(queued.size(), 1000U);
  }
  EXPECT_TRUE(*somebody_listens(path_));
}

// A socket as systemd makes it; it goes on listening when we end.
UniqueFd held_by_manager(const std::string& path, int type = SOCK_STREAM) {
  UniqueFd socket(::socket(AF_UNIX, type, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  if (type != SOCK_STREAM) return socket;
  EXPECT_EQ(::listen(socket.get(), 1), 0);
  return socket;
}

TEST_F(SocketPathTest, ASocketOfTheServiceManagerIsServedAndItsFileStays) {
  const UniqueFd held = held_by_manager(path_);
  {
    auto adopted = adopt_listening(UniqueFd(::dup(held.get())), path_);
    ASSERT_TRUE(adopted) << adopted.error().message;
    EXPECT_TRUE(adopted->file.in_place());
    EXPECT_NE(::fcntl(adopted->socket.get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(adopted->socket.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_TRUE(connect_to(path_, {}));
    adopted->file.remove();
  }
  EXPECT_TRUE(fs::exists(path_)) << "the manager listens";
  EXPECT_TRUE(*somebody_listens(path_));
}

TEST_F(SocketPathTest, ASocketOfTheServiceManagerElsewhereIsRefused) {
  const std::string elsewhere = (base_ / "other.sock").string();
  const auto other = adopt_listening(held_by_manager(elsewhere), path_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::invalid);
  EXPECT_NE(other.error().message.find("listens at " + elsewhere), std::string::npos) << other.error().message;
  EXPECT_NE(other.error().hint.find("ListenStream=" + path_), std::string::npos) << other.error().hint;

  for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
    const auto silent =
        adopt_listening(held_by_manager(path_ + std::to_string(type), type), path_ + std::to_string(type));
    ASSERT_FALSE(silent);
    EXPECT_NE(silent.error().message.find("is no Unix socket that listens"), std::string::npos);
  }
  EXPECT_EQ(adopt_listening(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), path_).error().kind,
            ErrorKind::invalid);
}

TEST_F(SocketPathTest, ASocketOfTheServiceManagerInAFolderOfOthersIsRefused) {
  const UniqueFd held = held_by_manager(path_);
  ASSERT_EQ(::chmod(base_.c_str(), 01777), 0);
  const auto adopted = adopt_listening(UniqueFd(::dup(held.get())), path_);
  ASSERT_FALSE(adopted);
  EXPECT_EQ(adopted.error().kind, ErrorKind::unavailable);
}

TEST_F(SocketPathTest, AFileThatWasPutInPlaceOfTheManagersSocketIsNotServed) {
  const UniqueFd held = held_by_manager(path_);
  fs::remove(path_);
  EXPECT_FALSE(adopt_listening(UniqueFd(::dup(held.get())), path_)) << "nobody could connect";
  std::ofstream(path_) << "x";
  EXPECT_FALSE(adopt_listening(UniqueFd(::dup(held.get())), path_));
}

}  // namespace
}  // namespace autoheal::http
