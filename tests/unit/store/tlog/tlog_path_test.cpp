// Each resource of a tiled log has one path, and each other spelling is refused by name.
#include "autoheal/store/tlog/tlog_path.hpp"

#include <gtest/gtest.h>

namespace autoheal::store {
namespace {

TEST(TlogPath, NamesAreThoseOfTheSpecification) {
  EXPECT_EQ(tlog_path(TlogCheckpoint{}), "/tlog/checkpoint");
  EXPECT_EQ(tlog_path(TlogTile{0, 1234067}), "/tlog/tile/0/x001/x234/067");
  EXPECT_EQ(tlog_path(TlogTile{1, 273, 112}), "/tlog/tile/1/273.p/112");
  EXPECT_EQ(tlog_path(TlogEntries{1000, 1}), "/tlog/tile/entries/x001/000.p/1");
}

TEST(TlogPath, EveryNameIsReadAsWhatItNames) {
  for (const std::uint64_t number : {0ULL, 7ULL, 999ULL, 1'000ULL, 1'000'000ULL, 999'999'999'999'999'999ULL}) {
    for (const unsigned width : {1U, 99U, 255U, 256U}) {
      for (const unsigned level : {0U, 9U, 10U, 63U}) {
        const TlogTile tile{level, number, width};
        EXPECT_EQ(parse_tlog_path(tlog_path(tile)).value(), TlogResource(tile)) << tlog_path(tile);
      }
      const TlogEntries entries{number, width};
      EXPECT_EQ(parse_tlog_path(tlog_path(entries)).value(), TlogResource(entries)) << tlog_path(entries);
    }
  }
  EXPECT_EQ(parse_tlog_path("/tlog/checkpoint").value(), TlogResource(TlogCheckpoint{}));
}

TEST(TlogPath, NothingHasASecondName) {
  for (const char* path : {"",
                           "/",
                           "/tlog",
                           "/tlog/",
                           "tlog/checkpoint",
                           "/tlog/checkpoint/",
                           "/tlog//checkpoint",
                           "/tlog/checkpoint?",
                           "/tlog/Checkpoint",
                           "/tlog/tile",
                           "/tlog/tile/",
                           "/tlog/tile/0",
                           "/tlog/tile/0/",
                           "/tlog/tile//000",
                           "/tlog/tile/00/000",
                           "/tlog/tile/64/000",
                           "/tlog/tile/-1/000",
                           "/tlog/tile/+1/000",
                           "/tlog/tile/a/000",
                           "/tlog/tile/0/0",
                           "/tlog/tile/0/00",
                           "/tlog/tile/0/0000",
                           "/tlog/tile/0/x000",
                           "/tlog/tile/0/x000/001",
                           "/tlog/tile/0/001/002",
                           "/tlog/tile/0/x001/x002",
                           "/tlog/tile/0/x01/002",
                           "/tlog/tile/0/X001/002",
                           "/tlog/tile/0/000/",
                           "/tlog/tile/0/x001//002",
                           "/tlog/tile/0/xx01/002",
                           "/tlog/tile/0/0x1",
                           "/tlog/tile/0/ 00",
                           "/tlog/tile/0/x001/x000/x000/x000/x000/x000/000",
                           "/tlog/tile/0/000.p",
                           "/tlog/tile/0/000.p/",
                           "/tlog/tile/0/000.p/0",
                           "/tlog/tile/0/000.p/00",
                           "/tlog/tile/0/000.p/01",
                           "/tlog/tile/0/000.p/256",
                           "/tlog/tile/0/000.p/1000",
                           "/tlog/tile/0/000.p/8/",
                           "/tlog/tile/0/000.p/8.p/8",
                           "/tlog/tile/0/.p/8",
                           "/tlog/tile/0/000.P/8",
                           "/tlog/tile/entries",
                           "/tlog/tile/entries/",
                           "/tlog/tile/entries/0",
                           "/tlog/tile/entries/000.p/256",
                           "/tlog/tile/data/000",
                           "/tlog/tile/0/%30%30%30",
                           "/tlog/../tlog/checkpoint"}) {
    const auto read = parse_tlog_path(path);
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().kind, ErrorKind::invalid) << path;
    EXPECT_FALSE(read.error().hint.empty());
  }
}

TEST(TlogPath, TheErrorSaysWhichPartIsWrong) {
  const auto why = [](std::string_view path) { return parse_tlog_path(path).error().message; };
  EXPECT_NE(why("/tlog/tile/64/000").find("the level of a tile"), std::string::npos);
  EXPECT_NE(why("/tlog/tile/0/0").find("the number of a tile"), std::string::npos);
  EXPECT_NE(why("/tlog/tile/0/000.p/0").find("the width of a partial tile"), std::string::npos);
}

}  // namespace
}  // namespace autoheal::store
