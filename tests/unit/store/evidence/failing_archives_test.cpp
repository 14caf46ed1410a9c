// Archives and tar files where calls fail, to the disk and within libarchive (hostile case 87), and archives that
// somebody else made: what comes back is what was written, or an error that says why not.
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>

#include <fstream>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/store/archive/archive_file.hpp"
#include "autoheal/store/file/tar_file.hpp"
#include "autoheal/store/format/leaf.hpp"
#include "tests/support/faults/failing_disk.hpp"
#include "tests/unit/store/ledger/ledger_fixture.hpp"

namespace autoheal::store {
namespace {

namespace fs = std::filesystem;
using autoheal::testing::DiskFault;
using autoheal::testing::FailingDisk;
using autoheal::testing::TemporaryFolder;
using autoheal::testing::where_each_call_fails;
using ::testing::HasSubstr;

// A ledger of four entries, and an archive of the first three with one content.
struct ArchiveFixture : autoheal::testing::LedgerFixture {
  ArchiveFixture() {
    const auto ledger = open();
    append(*ledger, "one", 0, {entry("heal.triggered"), entry("heal.completed")}, engine::StreamLife::ends);
    append(*ledger, "ledger", 0, {entry("node.started"), entry("node.stopped")}, engine::StreamLife::ends);
    const auto all = reader()->read_all({}, 10);
    for (const auto& one : all->entries) lines.push_back(leaf_line(ledger->id(), one));
  }

  ArchivedPart part() const {
    const auto ledger = reader();
    return {ledger->id(), 1, 3, *root_of(*ledger->hashes(), 3)};
  }
  Result<ArchiveFile> write(const fs::path& to, const ArchivedPart& what, bool with_blob = true) const {
    auto writer = ArchiveWriter::create(to, what, "key", "note");
    AUTOHEAL_TRY(writer);
    for (std::uint64_t seq = what.first; seq <= what.last; ++seq) {
      AUTOHEAL_TRY((*writer)->entry(lines[seq - 1]));
    }
    if (with_blob) {
      AUTOHEAL_TRY((*writer)->blob(sha256_name("content"), "content"));
    }
    return (*writer)->finish();
  }
  Result<ArchivedPart> read(const fs::path& from, std::size_t* entries = nullptr, std::size_t* blobs = nullptr) const {
    return read_archive(from, *reader(),
                        {[&](std::uint64_t, std::string_view) -> Result<void> {
                           if (entries != nullptr) ++*entries;
                           return {};
                         },
                         [&](const engine::BlobName&, std::string_view) -> Result<void> {
                           if (blobs != nullptr) ++*blobs;
                           return {};
                         }});
  }

  std::vector<std::string> lines;
};

struct FailingArchive : ArchiveFixture {
  TemporaryFolder memory{testing::memory_folder()};
  fs::path file = memory / "old.tar.gz";
};

TEST_F(FailingArchive, Case87_OneThatCannotBeWrittenIsNotThereAndCanBeWrittenAgain) {
  const ArchivedPart what = part();
  for (const bool with_blob : {true, false}) {
    where_each_call_fails([&](const DiskFault& fault) {
      bool reached = false;
      {
        const FailingDisk disk(fault);
        const auto written = write(file, what, with_blob);
        reached = disk.reached();
        EXPECT_TRUE(written || !written.error().message.empty());
        EXPECT_TRUE(reached || written) << written.error().message;
        EXPECT_TRUE(!written || fs::exists(file));
        EXPECT_FALSE(written && disk.sync_failed());
      }
      // A sync of the folder may fail when it has its name already: then it is whole.
      if (fs::exists(file)) {
        EXPECT_TRUE(read(file));
        fs::remove(file);
      }
      const auto again = write(file, what, with_blob);
      EXPECT_TRUE(again) << again.error().message;
      EXPECT_FALSE(fs::exists(file.string() + ".new"));
      std::size_t entries = 0, blobs = 0;
      EXPECT_TRUE(read(file, &entries, &blobs));
      EXPECT_EQ(entries, 3U);
      EXPECT_EQ(blobs, with_blob ? 1U : 0U);
      fs::remove(file);
      return reached;
    });
  }
}

TEST_F(FailingArchive, Case88_AFullDiskIsNoDamageAndAnInputOutputErrorIsFatal) {
  for (const auto& [problem, kind] : {std::pair(ENOSPC, ErrorKind::unavailable), std::pair(EIO, ErrorKind::fatal)}) {
    const FailingDisk disk({.for_good = true, .name = "write", .problem = problem});
    const auto refused = write(file, part());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, kind) << refused.error().message;
    EXPECT_THAT(refused.error().message, HasSubstr(file.string()));
    EXPECT_EQ(refused.error().hint, "is there room on the disk?");
  }
}

TEST_F(FailingArchive, Case87_AnEntryThatIsTooMuchForTheDiskIsToldWhenItsPieceIsFull) {
  auto writer = ArchiveWriter::create(file, part(), "key", "note");
  ASSERT_TRUE(writer);
  const std::string line(3'000'000, 'x');  // pieces end at 4 MiB
  ASSERT_TRUE((*writer)->entry(line));
  {
    const FailingDisk disk({.name = "archive_write_header", .looks_too = true});
    EXPECT_FALSE((*writer)->entry(line));
  }
  writer->reset();
  EXPECT_TRUE(fs::is_empty(memory / "."));
}

TEST_F(FailingArchive, WhatACrashLeftIsReplaced) {
  std::ofstream(file.string() + ".new") << "half";
  EXPECT_TRUE(write(file, part()));
  EXPECT_TRUE(read(file));
  fs::remove(file);
  fs::create_directory(file.string() + ".new");
  EXPECT_FALSE(write(file, part())) << "a folder is nothing that a crash leaves";
}

TEST_F(FailingArchive, Case87_OneThatCannotBeReadIsNeverTakenForAWholeOne) {
  ASSERT_TRUE(write(file, part()));
  const auto ledger = reader();
  where_each_call_fails([&](const DiskFault& fault) {
    const FailingDisk disk(fault);
    std::size_t entries = 0, blobs = 0;
    const ArchiveVisit visit{
        [&](std::uint64_t, std::string_view) -> Result<void> { return ++entries, Result<void>(); },
        [&](const engine::BlobName&, std::string_view) -> Result<void> { return ++blobs, Result<void>(); }};
    const auto found = read_archive(file, *ledger, visit);
    EXPECT_TRUE(found || !found.error().message.empty());
    EXPECT_TRUE(!found || (entries == 3 && blobs == 1));
    EXPECT_TRUE(disk.reached() || found) << found.error().message;
    return disk.reached();
  });
}

TEST_F(FailingArchive, WhoeverLooksMayStopIt) {
  ASSERT_TRUE(write(file, part()));
  const auto enough = [](auto&&...) -> Result<void> { return failure(ErrorKind::unavailable, "enough"); };
  for (const ArchiveVisit& visit : {ArchiveVisit{enough, {}}, ArchiveVisit{{}, enough}}) {
    const auto stopped = read_archive(file, *reader(), visit);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().message, "enough");
  }
  EXPECT_EQ(peek_archive(file, *reader())->last, 3U);
}

// Archives that nobody's autoheal wrote.
struct ForeignArchive : ArchiveFixture {
  fs::path file = folder / "foreign.tar";

  std::string facts(const std::string& first = "1", const std::string& last = "3") const {
    return R"({"ledger":")" + part().ledger + R"(","first":)" + first + R"(,"last":)" + last + R"(,"root":")" +
           to_hex(part().root) + "\"}\n";
  }
  std::string entries() const { return lines[0] + "\n" + lines[1] + "\n" + lines[2] + "\n"; }
  std::string outcome(const std::vector<NamedContent>& files) const {
    std::ofstream(file, std::ios::binary) << *write_tar(files, 0);
    return outcome();
  }
  std::string outcome() const {
    const auto found = read(file);
    return found ? "sound" : found.error().message;
  }
};

TEST_F(ForeignArchive, OneByHandIsAsGoodAsOurs) {
  EXPECT_EQ(outcome({{"archive.json", facts()}, {"entries/1", entries()}, {"anything", "else"}}), "sound");
  EXPECT_EQ(outcome({{"archive.json", facts()}, {"entries/1", entries().substr(0, entries().size() - 1)}}), "sound")
      << "the last newline";
}

TEST_F(ForeignArchive, FactsThatAreNoneMakeNoArchive) {
  const std::string root = to_hex(part().root), id = part().ledger;
  const std::string no_archive = "is no archive of a ledger";
  for (const std::string& wrong :
       {std::string(), std::string("{}"), std::string("[1]"), std::string("{\"ledger\":1}"),
        R"({"ledger":")" + id + R"("})", R"({"ledger":")" + id + R"(","first":"1"})",
        R"({"ledger":")" + id + R"(","first":1})", R"({"ledger":")" + id + R"(","first":1,"last":3})",
        R"({"ledger":")" + id + R"(","first":1,"last":3,"root":3})", facts("0", "3"), facts("3", "2")}) {
    EXPECT_THAT(outcome({{"archive.json", wrong}, {"entries/1", entries()}}), HasSubstr(no_archive)) << wrong;
  }
  EXPECT_THAT(outcome({{"README.txt", "first"}, {"archive.json", facts()}}), HasSubstr(no_archive));
  EXPECT_THAT(outcome({}), HasSubstr(no_archive));
}

TEST_F(ForeignArchive, ClaimsThatTheLedgerDoesNotBearOutAreRefused) {
  std::string foreign_id = facts();
  foreign_id.replace(foreign_id.find(part().ledger), 8, "ffffffff");
  EXPECT_THAT(outcome({{"archive.json", foreign_id}}), HasSubstr("is of another ledger"));
  EXPECT_THAT(outcome({{"archive.json", facts("1", "5")}}), HasSubstr("entries that the ledger never had"));
  EXPECT_THAT(outcome({{"archive.json", facts("1", "2")}}), HasSubstr("another root"));
}

TEST_F(ForeignArchive, TooFewAndTooManyEntriesAreNamed) {
  EXPECT_THAT(outcome({{"archive.json", facts()}, {"entries/1", lines[0] + "\n"}}),
              HasSubstr("entry 2 is missing in it"));
  EXPECT_THAT(outcome({{"archive.json", facts()}, {"entries/1", entries()}, {"entries/2", lines[3] + "\n"}}),
              HasSubstr("holds more than it says"));
  EXPECT_THAT(outcome({{"archive.json", facts()}, {"entries/1", lines[1] + "\n"}}),
              HasSubstr("entry 1 does not match its hash"));
}

TEST_F(ForeignArchive, ContentsUnderAnotherNameAreNamed) {
  for (const std::string& name : {"sha256-" + sha256_name("other").substr(7), std::string("content")}) {
    EXPECT_THAT(outcome({{"archive.json", facts()}, {"blobs/" + name, "content"}}),
                HasSubstr("is not what its name says"))
        << name;
  }
}

TEST_F(ForeignArchive, OneThatWasCutOffOrSpoiledAnywhereIsRefused) {
  const std::string whole = *write_tar(
      std::vector<NamedContent>{{"archive.json", facts()}, {"entries/1", entries()}, {"more", std::string(9000, 'x')}},
      0);
  for (std::size_t size = 0; size < whole.size() - 2048; size += 511) {
    std::ofstream(file, std::ios::binary) << whole.substr(0, size);
    EXPECT_NE(outcome(), "sound") << size;
  }
  std::string spoiled = whole;
  spoiled[1024 + 150] ^= 1;  // the checksum of the second header
  std::ofstream(file, std::ios::binary) << spoiled;
  EXPECT_THAT(outcome(), HasSubstr("is not what was written"));
}

TEST_F(ForeignArchive, AFileWithGapsIsRefused) {
  struct archive* writer = archive_write_new();
  archive_write_set_format_pax(writer);
  ASSERT_EQ(archive_write_open_filename(writer, file.c_str()), ARCHIVE_OK);
  struct archive_entry* header = archive_entry_new();
  archive_entry_set_pathname(header, "archive.json");
  archive_entry_set_filetype(header, AE_IFREG);
  archive_entry_set_size(header, 10'000);
  archive_entry_sparse_add_entry(header, 8192, 1808);  // it begins with nothing
  ASSERT_EQ(archive_write_header(writer, header), ARCHIVE_OK);
  archive_write_data(writer, std::string(10'000, 'x').data(), 10'000);
  archive_entry_free(header);
  archive_write_close(writer);
  archive_write_free(writer);
  EXPECT_THAT(outcome(), HasSubstr("a file with gaps"));
}

TEST_F(ForeignArchive, WithoutALedgerThereIsNothingToHoldItAgainst) {
  ASSERT_TRUE(write(file, part()));
  const auto nothing = LedgerReader::open(folder / "none.db");
  ASSERT_TRUE(nothing);
  for (const auto& found : {read_archive(file, **nothing, {}), peek_archive(file, **nothing)}) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::not_found);
  }
}

TEST_F(ForeignArchive, ALedgerWhoseTreeIsDamagedIsNamedAndTheArchiveIsNotBlamed) {
  ASSERT_TRUE(write(file, part()));
  const auto ledger = reader();
  ASSERT_TRUE(read_archive(file, *ledger, {}));
  foreign("UPDATE tiles SET hashes = zeroblob(length(hashes))");
  const auto without_tiles = read_archive(file, *reader(), {});
  ASSERT_FALSE(without_tiles);
  EXPECT_THAT(without_tiles.error().message, HasSubstr(path.string()));
  foreign("ALTER TABLE roots RENAME TO lost");
  const auto without_roots = read_archive(file, *ledger, {});
  ASSERT_FALSE(without_roots);
  EXPECT_THAT(without_roots.error().message, HasSubstr(path.string()));
}

TEST_F(ForeignArchive, AHashThatTheLedgerLostIsNoFaultOfTheArchive) {
  const auto ledger = open();
  // A tile and more: the root of its first 256 entries stands in another tile than their hashes.
  append(*ledger, "many", 0, std::vector(300, entry("a")), engine::StreamLife::ends);
  lines.clear();
  const auto all = reader()->read_all({}, 1'000);
  for (const auto& one : all->entries) lines.push_back(leaf_line(ledger->id(), one));
  const ArchivedPart what{ledger->id(), 1, 256, *root_of(ledger->hashes(), 256)};
  ASSERT_TRUE(write(file, what));
  ASSERT_TRUE(read(file));
  foreign("UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE tile = (SELECT min(tile) FROM tiles)");
  const auto without_hashes = read(file);
  ASSERT_FALSE(without_hashes);
  EXPECT_THAT(without_hashes.error().message, HasSubstr(path.string()));
}

const std::vector<NamedContent>& two_files() {
  static const std::vector<NamedContent> files = {{"a/first", "content"}, {"b", std::string(70'000, 'b')}};
  return files;
}

TEST(FailingTar, Case98_LibarchiveWithoutMemoryIsAnErrorAndNeverHalfATar) {
  const std::string whole = *write_tar(two_files(), 7);
  where_each_call_fails([&](const DiskFault& fault) {
    const FailingDisk disk(fault);
    const auto written = write_tar(two_files(), 7);
    EXPECT_EQ(written.value_or(whole), whole);
    EXPECT_TRUE(written || !written.error().message.empty());
    EXPECT_TRUE(disk.reached() || written);
    return disk.reached();
  });
  where_each_call_fails([&](const DiskFault& fault) {
    const FailingDisk disk(fault);
    const auto read = read_tar(whole, {10, 100'000});
    EXPECT_TRUE(read ? read->size() == 2 : !read.error().message.empty());
    EXPECT_TRUE(disk.reached() || read);
    return disk.reached();
  });
}

TEST(FailingTar, Case98_NoMemoryWhileItIsCompressedIsAnErrorAndNeverHalfOfIt) {
  const std::string plain(300'000, 'x'), gzip = *compressed(plain);
  where_each_call_fails([&](const DiskFault& fault) {
    const FailingDisk disk(fault);
    const auto packed = compressed(plain);
    EXPECT_EQ(packed.value_or(gzip), gzip);
    EXPECT_TRUE(packed || !packed.error().message.empty());
    EXPECT_TRUE(disk.reached() || packed);
    return disk.reached();
  });
  where_each_call_fails([&](const DiskFault& fault) {
    const FailingDisk disk(fault);
    const auto unpacked = uncompressed(gzip, 300'000);
    EXPECT_EQ(unpacked.value_or(plain), plain);
    EXPECT_TRUE(unpacked || !unpacked.error().message.empty());
    EXPECT_TRUE(disk.reached() || unpacked);
    return disk.reached();
  });
}

TEST(FailingTar, ALinkWithContentIsNoPlainFile) {
  std::string tar = *write_tar(std::vector<NamedContent>{{"one", "x"}, {"two", "y"}}, 0);
  // The second becomes another name of the first that says to have a content of its own.
  const std::size_t header = 1024;
  tar[header + 156] = '1';
  tar.replace(header + 157, 3, "one");
  const unsigned long sum = std::stoul(tar.substr(header + 148, 6), nullptr, 8) + '1' - '0' + 'o' + 'n' + 'e';
  char fixed[8];
  std::snprintf(fixed, sizeof fixed, "%06lo", sum);
  tar.replace(header + 148, 6, fixed, 6);
  const auto read = read_tar(tar, {10, 100'000});
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("two, which is no plain file"));
}

TEST(FailingTar, NamesAreAtMostAHundredCharacters) {
  const auto with_name = [](std::size_t length) { return std::vector<NamedContent>{{std::string(length, 'n'), "x"}}; };
  EXPECT_TRUE(write_tar(with_name(100), 0));
  EXPECT_FALSE(write_tar(with_name(101), 0));
  EXPECT_FALSE(uncompressed("\x1f\x8b", 100)) << "too short to be compressed";
}

}  // namespace
}  // namespace autoheal::store
