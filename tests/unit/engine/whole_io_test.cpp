// Whole reads and writes: parts, interruptions, ends and limits.
#include "autoheal/engine/base/whole_io.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>
#include <vector>

#include "autoheal/engine/base/unique_fd.hpp"
#include "tests/support/faults/failing_disk.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal {
namespace {

using testing::FailingDisk;

template <class Value>
int problem_of(const std::expected<Value, int>& done) {
  return done ? 0 : done.error();
}

class WholeIo : public ::testing::Test {
 protected:
  [[nodiscard]] UniqueFd file_with(const std::string& content) const {
    UniqueFd made(::open((folder_ / "file").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    EXPECT_TRUE(write_whole(made.get(), content));
    EXPECT_EQ(::lseek(made.get(), 0, SEEK_SET), 0);
    return made;
  }
  struct Pipe {
    UniqueFd from, to;
  };
  static Pipe pipe_with(int flags) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | flags), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
  static std::string text_of(std::size_t bytes) {
    std::string text(bytes, ' ');
    for (std::size_t at = 0; at < bytes; ++at) text[at] = static_cast<char>('a' + at % 23);
    return text;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(WholeIo, WritesAndReadsAllThatThereIs) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, piece_bytes - 1, piece_bytes, piece_bytes + 1, 3 * piece_bytes + 7}) {
    const std::string text = text_of(bytes);
    const UniqueFd file = file_with(text);
    EXPECT_EQ(read_whole(file.get(), bytes), text);
    EXPECT_EQ(read_whole(file.get(), no_limit, bytes), text) << "and again, from the beginning";
    std::string more(bytes + 5, '\0');
    EXPECT_EQ(read_up_to(file.get(), more), bytes);
    EXPECT_EQ(more.substr(0, bytes), text);
    EXPECT_EQ(read_up_to(file.get(), more), 0U) << "it stands at the end";
  }
}

TEST_F(WholeIo, ReadsNoMoreThanItsLimit) {
  const UniqueFd file = file_with(text_of(2 * piece_bytes));
  EXPECT_EQ(problem_of(read_whole(file.get(), 2 * piece_bytes - 1)), EFBIG);
  EXPECT_EQ(problem_of(read_whole(file.get(), piece_bytes)), EFBIG);
  EXPECT_EQ(problem_of(read_whole(file.get(), 0)), EFBIG);
  EXPECT_EQ(read_whole(file_with("").get(), 0), "");
  const UniqueFd endless(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(problem_of(read_whole(endless.get(), piece_bytes)), EFBIG);
}

TEST_F(WholeIo, ReadsFromAnOffsetWithoutMoving) {
  const UniqueFd file = file_with("0123456789");
  std::array<char, 4> some{};
  EXPECT_EQ(read_up_to_at(file.get(), some, 2), 4U);
  EXPECT_EQ(std::string(some.data(), 4), "2345");
  EXPECT_EQ(read_up_to_at(file.get(), some, 8), 2U);
  EXPECT_EQ(std::string(some.data(), 2), "89");
  EXPECT_EQ(read_up_to_at(file.get(), some, 10), 0U);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
}

TEST_F(WholeIo, HandsOutPiecesUntilItIsToldToStop) {
  const std::string text = text_of(2 * piece_bytes + 1);
  const UniqueFd file = file_with(text);
  std::vector<std::size_t> sizes;
  std::string all;
  EXPECT_TRUE(read_in_pieces(file.get(), [&](std::string_view piece) {
    sizes.push_back(piece.size());
    all += piece;
    return true;
  }));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{piece_bytes, piece_bytes, 1}));
  EXPECT_EQ(all, text);
  unsigned pieces = 0;
  EXPECT_TRUE(read_in_pieces(file.get(), [&](std::string_view) { return ++pieces == 0; }));
  EXPECT_EQ(pieces, 1U);
}

TEST_F(WholeIo, GoesOnAfterPartsOfAPipe) {
  const Pipe pipe = pipe_with(0);
  const std::string text = text_of(300'000);  // several times what a pipe holds
  std::string got(text.size() + 1, '\0');
  std::thread writer([&, end = pipe.to.get()] { EXPECT_TRUE(write_whole(end, text)); });
  EXPECT_EQ(read_up_to(pipe.from.get(), {got.data(), text.size()}), text.size());
  writer.join();
  got.resize(text.size());
  EXPECT_EQ(got, text);
}

TEST_F(WholeIo, InterruptedCallsAreMadeAgain) {
  {
    const FailingDisk disk({.name = "write", .problem = EINTR});
    EXPECT_EQ(read_whole(file_with("content").get(), no_limit), "content");
    EXPECT_TRUE(disk.reached());
  }
  const UniqueFd file = file_with("content");
  std::array<char, 16> some{};
  for (const int turn : {1, 2}) {
    const FailingDisk disk({.turn = turn, .name = "read", .problem = EINTR, .looks_too = true});
    EXPECT_EQ(read_up_to_at(file.get(), some, 0), 7U);
    EXPECT_TRUE(disk.reached());
  }
  const FailingDisk disk({.turn = 2, .name = "read", .problem = EINTR, .looks_too = true});
  EXPECT_EQ(read_up_to(file.get(), some), 7U);
  EXPECT_TRUE(disk.reached());
}

TEST_F(WholeIo, ErrorsAreThoseOfTheSystem) {
  std::array<char, 4> some{};
  EXPECT_EQ(problem_of(write_whole(-1, "x")), EBADF);
  EXPECT_TRUE(write_whole(-1, "")) << "nothing was to be written";
  EXPECT_EQ(problem_of(read_up_to(-1, some)), EBADF);
  EXPECT_EQ(problem_of(read_whole(-1, no_limit)), EBADF);
  const UniqueFd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(problem_of(read_whole(directory.get(), no_limit)), EISDIR);
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(problem_of(write_whole(full.get(), "x")), ENOSPC);
  const Pipe pipe = pipe_with(O_NONBLOCK);
  EXPECT_EQ(problem_of(read_up_to_at(pipe.from.get(), some, 0)), ESPIPE);
  EXPECT_EQ(problem_of(read_up_to(pipe.from.get(), some)), EAGAIN);
  EXPECT_EQ(problem_of(write_whole(pipe.to.get(), text_of(1'000'000))), EAGAIN) << "a part of it was written";
  EXPECT_EQ(read_up_to(pipe.from.get(), some), 4U);
}

TEST_F(WholeIo, AReadThatFailsInTheMiddleGivesNoPart) {
  const UniqueFd file = file_with(text_of(2 * piece_bytes));
  const FailingDisk disk({.turn = 2, .name = "read", .problem = EIO, .looks_too = true});
  EXPECT_EQ(problem_of(read_whole(file.get(), no_limit)), EIO);
  EXPECT_TRUE(disk.reached());
}

}  // namespace
}  // namespace autoheal
