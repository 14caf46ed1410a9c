// One spelling for each content, and nothing else is read.
#include "autoheal/store/format/canonical_text.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "tests/support/examples/evidence_vectors.hpp"

namespace autoheal::store {
namespace {

TEST(StrictText, Base64IsThatOfTheRfc) {
  const std::pair<std::string_view, std::string_view> known[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : known) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  for (const auto& root : vectors::roots) {
    EXPECT_EQ(to_base64(view_of(*hash_from_hex(root.hex))), root.base64);
    EXPECT_EQ(hash_from_base64(root.base64), hash_from_hex(root.hex));
  }
}

TEST(StrictText, EveryByteSurvivesBothSpellings) {
  std::string bytes;
  for (int round = 0; round < 3; ++round) {
    for (int byte = 0; byte < 256; ++byte) {
      bytes += static_cast<char>(byte);
      ASSERT_EQ(from_base64(to_base64(bytes)), bytes);
      ASSERT_EQ(bytes_from_hex(bytes_to_hex(bytes)), bytes);
    }
  }
}

TEST(StrictText, AnotherSpellingOfBase64IsRefused) {
  for (const std::string_view text :
       {"Zh==",  "Zi==",  "Zm9=",   "Zm8",    "Zg",    "Zg=",  "Zg===", "=",    "====",     "Zg==Zg==",
        " Zg==", "Zg== ", "Zg==\n", "\nZm9v", "Zm\n9", "Zm9-", "Zm9_",  "Z=g=", "Zm9v====", "Zm9vYmFy\t\t\t\t",
        "Zm\0v", "é9=="}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
  EXPECT_EQ(from_base64(std::string("Zm9\0", 4)), std::nullopt);
}

TEST(StrictText, OnlyOneOfFourSpellingsOfAHashIsRead) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text(vectors::roots[8].base64);
  int read = 0;
  for (const char last : alphabet) {
    text[42] = last;
    read += hash_from_base64(text) ? 1 : 0;
  }
  EXPECT_EQ(read, 16);  // of 64, each fourth
}

TEST(StrictText, HashesHaveTheirLength) {
  EXPECT_EQ(hash_from_hex(std::string(62, 'a')), std::nullopt);
  EXPECT_EQ(hash_from_hex(std::string(66, 'a')), std::nullopt);
  EXPECT_EQ(hash_from_base64(to_base64(std::string(31, 'a'))), std::nullopt);
  EXPECT_EQ(hash_from_base64(to_base64(std::string(33, 'a'))), std::nullopt);
}

TEST(StrictText, AnotherSpellingOfHexIsRefused) {
  for (const std::string_view text : {"0", "AB", "aB", "0x", "g0", " 00", "00 ", "00\n", "0000000"}) {
    EXPECT_EQ(bytes_from_hex(text), std::nullopt) << text;
  }
}

TEST(StrictText, NumbersHaveOneSpellingAndStayBelow2To63) {
  EXPECT_EQ(number_from_decimal("0"), 0U);
  EXPECT_EQ(number_from_decimal("600"), 600U);
  EXPECT_EQ(number_from_decimal("9223372036854775807"), 9223372036854775807U);
  for (const std::string_view text : {"", "00", "01", "+1", "-1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "١",
                                      "9223372036854775808", "18446744073709551616", "99999999999999999999999"}) {
    EXPECT_EQ(number_from_decimal(text), std::nullopt) << text;
  }
}

TEST(StrictText, NamesOfKeys) {
  for (const std::string_view name : {"a", "ledger.example/host42", "höst", "名前", "a-b_c:d@e"}) {
    EXPECT_TRUE(is_key_name(name)) << name;
  }
  for (const std::string_view name :
       {"",         "a b",      "a+b",      "a\tb",     "a\nb",     "a\rb",        "a\x7f",
        "a\u0085",  "a\u00a0b", "a\u1680b", "a\u2000b", "a\u200ab", "a\u2028b",    "a\u2029b",
        "a\u202fb", "a\u205fb", "a\u3000b", "a\xff",    "\xc3",     "\xed\xa0\x80"}) {
    EXPECT_FALSE(is_key_name(name)) << name;
  }
  EXPECT_TRUE(is_key_name(std::string(255, 'a')));
  EXPECT_FALSE(is_key_name(std::string(256, 'a')));
}

TEST(StrictText, PlainTextHasLinesAndNothingThatATerminalObeys) {
  EXPECT_TRUE(is_plain_text(""));
  EXPECT_TRUE(is_plain_text("a b\n\n— ö 名\n"));
  for (const std::string_view text : {"\r\n", "\t", "\x1b[2J", "\x7f", "\u009b", "\u0080", "\xff", "\xc3("}) {
    EXPECT_FALSE(is_plain_text(text)) << text;
  }
  EXPECT_FALSE(is_plain_text(std::string_view("\0", 1)));
}

TEST(StrictText, NamesMayHaveCharactersOfAnyPlane) {
  for (const char* name : {"a", "é", "☂", "😀"}) EXPECT_TRUE(is_key_name(name)) << name;
  for (const char* blank : {"\u00A0", "\u2028", "\u3000"}) EXPECT_FALSE(is_key_name(blank)) << blank;
}

// OpenSSL counts in int: more than that must never get there.
TEST(StrictText, MoreBase64ThanCanBeCountedIsRefusedUnread) {
  constexpr std::size_t size = (std::size_t{1} << 30U) + 4;
  void* unreadable = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (unreadable == MAP_FAILED) GTEST_SKIP() << "no room for 1 GiB that nobody touches";
  EXPECT_FALSE(from_base64({static_cast<const char*>(unreadable), size}));
  ::munmap(unreadable, size);
}

}  // namespace
}  // namespace autoheal::store
