// The printed JSON Schema and the loader are two readings of one table: they must agree on every example.
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

#include "tests/support/worlds/program.hpp"
#include "tools/config/describe_fields.hpp"

namespace autoheal::config {
namespace {

TEST(Schema, AgreesWithTheLoaderOnEveryExample) {
  const std::string schema = ::testing::TempDir() + "autoheal.schema." + std::to_string(::getpid()) + ".json";
  std::ofstream(schema) << json_schema();
  const std::string folder = std::string(AUTOHEAL_SOURCE_DIR) + "/tests/unit/config";
  const auto agreed = testing::run({{"/usr/bin/python3", folder + "/schema_agreement.py", schema, folder}, {}, {}, {}});
  EXPECT_EQ(agreed.exit_code, 0) << agreed.out << agreed.err;
}

TEST(Reference, NamesEveryFieldWithItsDefault) {
  const std::string text = field_reference();
  for (const char* part : {"max_retries: <number>", "default: 3", "baseline: <path>", "allow_setid: <true/false>"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace autoheal::config
