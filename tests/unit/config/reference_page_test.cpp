// The configuration reference is written from the table of fields: it has every group once, and nothing that Markdown
// would swallow.
#include <gtest/gtest.h>

#include "tools/config/describe_fields.hpp"

namespace autoheal::config {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(ReferencePage, HasAGroupOnceAndSaysWhereItStands) {
  const std::string page = reference_page();
  EXPECT_EQ(count(page, "\n### file probe\n"), 1U);
  EXPECT_NE(page.find("At `engines[].self_test[].file`, `engines[].repair.checks[].file`."), std::string::npos);
}

TEST(ReferencePage, SaysLimitsDefaultsAndWhatIsRequired) {
  const std::string page = reference_page();
  for (const char* row :
       {"| `max_retries` | whole number, 1 to 100 | 3 |", "| `port` | whole number, 1 to 65535 | required |",
        "| `timeout` | duration, 1ms to 24h | 10s |", "| `max_blob` | size, 1KiB to 1TiB | 64MiB |",
        "| `state` | list of [state](#state) or a single one |",
        "| `open_writers` | `swap`, `wait` or `refuse` | swap |",
        "| `matrix` | mapping of names to lists of arguments |"}) {
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

TEST(ReferencePage, EscapesWhatMarkdownWouldTakeForATagOrEmphasis) {
  const std::string page = reference_page();
  EXPECT_NE(page.find("\\<ledger>.key"), std::string::npos);
  EXPECT_NE(page.find("patterns (with \\*)"), std::string::npos);
}

}  // namespace
}  // namespace autoheal::config
