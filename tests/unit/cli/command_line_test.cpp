#include "tools/autoheal/command_line/command_line.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tools/autoheal/session/session.hpp"

namespace autoheal::cli {
namespace {

struct Named {
  std::string name, other;
};

int never_run(const Session&, const Named&) { return 1; }

Parsed parse(CommandLine& line, std::vector<std::string> words) {
  words.insert(words.begin(), "autoheal");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return line.parse(static_cast<int>(pointers.size()), pointers.data());
}

// Options of one type in two commands, and with clang of two types of one name in two files.
TEST(CommandLine, GivesEachCommandOptionsOfItsOwn) {
  CommandLine line;
  const auto one = line.add("one", "", Needs::nothing, never_run);
  const auto other = line.add("other", "", Needs::nothing, never_run);
  EXPECT_NE(&one.options, &other.options);
}

TEST(CommandLine, SharesOptionsWhereItIsToldTo) {
  CommandLine line;
  const auto shared = std::make_shared<Named>();
  const auto one = line.add("one", "", Needs::nothing, never_run, shared);
  const auto two = line.add("one two", "", Needs::record, never_run, shared);
  one.command.option("--name", one.options.name, "NAME", "");
  two.command.option("--name", two.options.name, "NAME", "");
  const Parsed parsed = parse(line, {"one", "--name", "before", "two"});
  EXPECT_FALSE(parsed.exit_code);
  EXPECT_EQ(parsed.needs, Needs::record);
  EXPECT_EQ(shared->name, "before");
}

TEST(CommandLine, RefusesOptionsOfTheCommandAboveThatACommandDoesNotTake) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"one", "two", "--other", ""}, {"one", "--other", "x", "two"}, {"one", "three", "--other", "x"}}) {
    CommandLine line;
    const auto shared = std::make_shared<Named>();
    const auto one = line.add("one", "", Needs::nothing, never_run, shared);
    const auto two = line.add("one two", "", Needs::nothing, never_run, shared);
    (void)line.add("one three", "", Needs::nothing, never_run, shared);
    one.command.option("--name", one.options.name, "NAME", "");
    one.command.option("--other", one.options.other, "NAME", "");
    two.command.option("--name", two.options.name, "NAME", "");
    EXPECT_EQ(parse(line, words).exit_code, 2);
  }
}

}  // namespace
}  // namespace autoheal::cli
