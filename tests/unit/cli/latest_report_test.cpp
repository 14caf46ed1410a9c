// Reports of self-tests that end at the same moment.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tools/autoheal/healer/report.hpp"

namespace autoheal::cli {
namespace {

namespace fs = std::filesystem;

TEST(LatestReport, IsOneOfThoseThatAreWrittenAtTheSameMoment) {
  std::string name = ::testing::TempDir() + "reports." + std::string(6, 'X');
  const fs::path folder = ::mkdtemp(name.data());
  std::vector<std::thread> writers;
  std::vector<std::string> problems(4);
  for (std::size_t writer = 0; writer < problems.size(); ++writer) {
    writers.emplace_back([&folder, &problem = problems[writer], text = std::string(5'000, "abcd"[writer])] {
      for (int time = 0; time < 50; ++time) {
        if (const auto written = write_latest_report(folder, text); !written) problem = written.error().message;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(problems, std::vector<std::string>(4));
  std::ifstream file(folder / "latest.json");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, std::string(5'000, text.empty() ? ' ' : text.front()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace autoheal::cli
