// .env files: values as a program sees them, edits that change nothing but the bytes of one value.
#include "workflows/env_file.hpp"

#include <gtest/gtest.h>

namespace autoheal::workflows {
namespace {

constexpr const char* file = "# ports\nexport PORT='80'  # web\nNAME=plain\nQUOTED=\"a b\"\n\nPORT=81\nLAST=x";

std::string set(std::string_view text, std::string_view name, std::string_view value) {
  return set_env(text, name, value).value();
}

TEST(EnvFile, IsReadAsAProgramWouldSeeIt) {
  const auto values = read_env(file);
  EXPECT_EQ(values.at("PORT"), "81") << "the last assignment wins";
  EXPECT_EQ(values.at("NAME"), "plain");
  EXPECT_EQ(values.at("QUOTED"), "a b");
  EXPECT_EQ(values.at("LAST"), "x");
  EXPECT_EQ(values.size(), 4U);
}

TEST(EnvFile, AnEditChangesTheBytesOfItsValueOnly) {
  EXPECT_EQ(set("# c\nexport A='1'  # one\nB=2\n", "A", "9"), "# c\nexport A='9'  # one\nB=2\n");
  EXPECT_EQ(set("A=\"1\"\r\nB=2\r\n", "A", "9"), "A=\"9\"\r\nB=2\r\n");
  EXPECT_EQ(set("A=1", "B", "2"), "A=1\nB=2\n");
  EXPECT_EQ(set("", "B", "2"), "B=2\n");
  EXPECT_EQ(set("A=1\r\nB=2\r", "C", "3"), "A=1\r\nB=2\r\nC=3\r\n") << "a line end that was cut off";
}

TEST(EnvFile, WhatAlreadyIsRightStaysToTheByte) {
  EXPECT_EQ(set(file, "PORT", "81"), file);
  EXPECT_EQ(set(file, "QUOTED", "a b"), file);
}

TEST(EnvFile, EveryValueCanBeSetAndReadBack) {
  for (const std::string value :
       {"", " ", "a b", "a'b", "a\"b", "a\\b", "$HOME", "`x`", "#x", "x # y", "a=b", "é", "line\nbreak", "tab\t"}) {
    for (const std::string before : {"A=1\nB=2\n", "A='1'\nB=2\n", "A=\"1\"\nB=2\n", "B=2\n"}) {
      const std::string after = set(before, "A", value);
      EXPECT_EQ(read_env(after).at("A"), value) << after;
      EXPECT_EQ(read_env(after).at("B"), "2") << after;
    }
  }
}

TEST(EnvFile, AnEmptyValueStandsBeforeItsComment) {
  EXPECT_EQ(read_env("A= # one\n").at("A"), "") << "as a shell reads it";
  EXPECT_EQ(read_env("A=#one\n").at("A"), "#one") << "no comment: nothing blank before it";
  EXPECT_EQ(set("A=1 # one\n", "A", ""), "A= # one\n");
  EXPECT_EQ(set("A= # one\n", "A", "1"), "A=1 # one\n");
}

TEST(EnvFile, UnsettingRemovesEveryAssignmentOfTheName) {
  EXPECT_EQ(unset_env("A=1\nB=2\nexport A=3\n", "A"), "B=2\n");
  EXPECT_EQ(unset_env("B=2\n", "A"), "B=2\n");
  EXPECT_EQ(unset_env("AA=1\n", "A"), "AA=1\n");
}

TEST(EnvFile, NamesAreChecked) {
  for (const char* name : {"", "1A", "A B", "A-B", "A="}) EXPECT_FALSE(set_env("", name, "x")) << name;
  EXPECT_FALSE(set_env("", "A", std::string("x\0y", 3)));
}

}  // namespace
}  // namespace autoheal::workflows
