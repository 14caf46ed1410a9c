// How large the ledger's log is, who keeps it so, and how people are told.
#include "autoheal/store/ledger/wal_state.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "autoheal/store/file/posix_file.hpp"
#include "tests/support/files/temporary_folder.hpp"

namespace autoheal::store {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;

TEST(WalState, OfALedgerThatNobodyHasOpenIsNothing) {
  const testing::TemporaryFolder folder;
  EXPECT_EQ(wal_state(folder / "ledger.db").bytes, 0U);
  std::ofstream(folder / "ledger.db-wal") << "12345";
  const WalState state = wal_state(folder / "ledger.db");
  EXPECT_EQ(state.bytes, 5U);
  EXPECT_TRUE(state.readers.empty()) << "without -shm nobody reads";
}

TEST(WalState, NamesWhoHoldsAReadersLockAndNobodyElse) {
  const testing::TemporaryFolder folder;
  std::ofstream(folder / "ledger.db-shm") << std::string(1024, 'x');
  const FileDescriptor file(::open((folder / "ledger.db-shm").c_str(), O_RDWR | O_CLOEXEC));
  const auto hold = [&](off_t first, off_t count) {
    struct flock lock{};
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = first;
    lock.l_len = count;
    ASSERT_EQ(::fcntl(file.get(), F_SETLK, &lock), 0);
  };
  const auto readers = [&] { return wal_state(folder / "ledger.db").readers; };
  hold(120, 2);  // the writer's and the checkpointer's
  hold(128, 1);  // that SQLite calls the dead man's switch
  if (std::ifstream("/proc/locks").get() == EOF) GTEST_SKIP() << "this machine does not tell of locks";
  EXPECT_TRUE(readers().empty());
  hold(124, 1);
  ASSERT_EQ(readers().size(), 1U);
  // In a container the kernel may not name its processes.
  const int pid = readers().front().pid;
  EXPECT_TRUE(pid == ::getpid() || pid == 0) << pid;
}

TEST(WalState, IsToldWithThreeNamesAtMostOnceItIsLarge) {
  WalState state{3 * mib, {}};
  EXPECT_EQ(sentence_of(state, 4 * mib), "");
  EXPECT_EQ(sentence_of(state, mib), "the ledger's log has grown to 3 MiB");
  state.readers = {{7, "sqlite3"}};
  EXPECT_EQ(sentence_of(state, mib), "the ledger's log has grown to 3 MiB, since process 7 (sqlite3) keeps reading it");
  state.readers.push_back({0, ""});
  EXPECT_EQ(sentence_of(state, mib),
            "the ledger's log has grown to 3 MiB, since process 7 (sqlite3), a process outside of this container keep "
            "reading it");
  state.readers.push_back({8, "third"});
  state.readers.push_back({9, "fourth"});
  EXPECT_NE(sentence_of(state, mib).find("third"), std::string::npos);
  EXPECT_EQ(sentence_of(state, mib).find("fourth"), std::string::npos);
}

}  // namespace
}  // namespace autoheal::store
