// Every broken configuration is told with its place, what was expected and, for misspellings, what was meant.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "autoheal/engine/base/digest.hpp"
#include "tests/unit/config/own_copy.hpp"
#include "tools/config/configuration.hpp"

namespace autoheal::config {
namespace {

namespace fs = std::filesystem;

struct BrokenFile {
  fs::path path;
  std::string place, message, meant;
};

// gtest needs a name of letters, digits and _.
std::string name_of(const ::testing::TestParamInfo<BrokenFile>& file) { return file.param.path.stem().string(); }
void PrintTo(const BrokenFile& file, std::ostream* out) { *out << file.path.filename(); }

std::vector<BrokenFile> broken_files() {
  std::vector<BrokenFile> files;
  for (const auto& entry : fs::directory_iterator(testing::own_examples() / "broken")) {
    if (entry.path().extension() != ".yaml") continue;
    BrokenFile file;
    file.path = entry.path();
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line) && line.starts_with("# ");) {
      if (line.starts_with("# meant: ")) file.meant = line.substr(9);
      if (!line.starts_with("# expect: ")) continue;
      const auto space = line.find(": ", 10);
      file.place = line.substr(10, space - 10);
      file.message = line.substr(space + 2);
    }
    files.push_back(std::move(file));
  }
  std::ranges::sort(files, {}, &BrokenFile::path);
  return files;
}

class Broken : public ::testing::TestWithParam<BrokenFile> {};
INSTANTIATE_TEST_SUITE_P(File, Broken, ::testing::ValuesIn(broken_files()), name_of);

TEST_P(Broken, IsToldWithItsPlace) {
  const LoadPorts ports{{}, [](const std::string& content) { return sha256_name(content); }};
  const auto loaded = load(GetParam().path.string(), ports);
  ASSERT_FALSE(loaded.has_value()) << "it was accepted";
  const Problem& first = loaded.error().front();
  EXPECT_THAT(first.message, ::testing::HasSubstr(GetParam().message));
  if (GetParam().place != "?") {
    EXPECT_EQ(std::to_string(first.line) + ":" + std::to_string(first.column), GetParam().place) << to_text(first);
  }
  if (!GetParam().meant.empty()) {
    EXPECT_THAT(first.message, ::testing::HasSubstr("did you mean \"" + GetParam().meant + "\"?"));
  }
  EXPECT_TRUE(to_text(first).starts_with(GetParam().path.string() + ":")) << to_text(first);
}

TEST(BrokenFiles, AreManyDifferentOnes) { EXPECT_GE(broken_files().size(), 60U); }

}  // namespace
}  // namespace autoheal::config
