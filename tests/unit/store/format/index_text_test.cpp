// The text of an index as SQLite keeps it, which somebody may have changed by hand.
#include "autoheal/store/format/index_text.hpp"

#include <gtest/gtest.h>

namespace autoheal::store {
namespace {

TEST(IndexText, HasColumnsAndACondition) {
  const auto index =
      parse_index("CREATE INDEX some ON entries(stream, substr(type, 1, 2),\n 'a,(b' ) WHERE type = 'x'");
  ASSERT_TRUE(index);
  EXPECT_EQ(index->columns, (std::vector<std::string>{"stream", "substr(type, 1, 2)", "'a,(b'"}));
  EXPECT_EQ(index->where, "type = 'x'");
}

TEST(IndexText, WhatDoesNotEndIsNone) {
  for (const char* text :
       {"", "CREATE INDEX some ON entries", "(stream", "(stream, (version)", "('stream)", "(stream, '"})
    EXPECT_FALSE(parse_index(text)) << text;
}

}  // namespace
}  // namespace autoheal::store
