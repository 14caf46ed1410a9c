// Text of JSON strings as our writer makes them, and only of those.
#include "autoheal/store/format/json_text.hpp"

#include <gtest/gtest.h>

namespace autoheal::store {
namespace {

TEST(JsonText, IsWhatTheStringStandsFor) {
  EXPECT_EQ(json_text(R"("")"), "");
  EXPECT_EQ(json_text(R"("a \"word\" and a \\")"), R"(a "word" and a \)");
  EXPECT_EQ(json_text(R"("line\u000aline\u0041")"), "line\nlineA");
  EXPECT_EQ(json_text(R"("caf\u00e9 ☂")"), "café ☂") << "what is above ASCII becomes UTF-8";
}

TEST(JsonText, OfAnythingElseIsEmpty) {
  for (const char* other :
       {"", "\"", "word", "\"open", "closed\"", "12", R"("\")", R"("\u00")", R"("\u1234")", R"("\n")"})
    EXPECT_EQ(json_text(other), "") << other;
}

}  // namespace
}  // namespace autoheal::store
