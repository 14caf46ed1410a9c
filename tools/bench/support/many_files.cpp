#include "tools/bench/support/many_files.hpp"

#include <fstream>
#include <utility>

#include "tools/bench/support/file_edits.hpp"
#include "tools/bench/support/measured_daemon.hpp"

namespace autoheal::bench {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t part_size = 512 * 1024;  // a configuration file may have twice as much

std::string name_of(std::size_t file) {
  return "d" + std::to_string(file / files_per_folder) + "/f" + std::to_string(file % files_per_folder) + ".conf";
}

std::string item(std::size_t file, bool probe) {
  const std::string fields = "{ path: " + name_of(file) + ", baseline: baseline/app.conf, mode: \"0644\" }";
  if (!probe) return "        - " + fields + "\n";
  return "      - { name: file" + std::to_string(file) + ", file: " + fields + " }\n";
}

std::string engine(std::size_t number, std::size_t from, std::size_t to) {
  std::string text = "  - name: engine" + std::to_string(number) + "\n    root: root\n    every: 5m\n    self_test:\n";
  for (std::size_t file = from; file < to; ++file) text += item(file, true);
  text += "    repair:\n      files:\n";
  for (std::size_t file = from; file < to; ++file) text += item(file, false);
  return text;
}

}  // namespace

std::vector<fs::path> lay_out_files(const fs::path& folder, std::size_t files, std::size_t engines) {
  fs::create_directories(folder / "baseline");
  make_right(folder / "baseline" / "app.conf");
  std::vector<fs::path> all;
  for (std::size_t file = 0; file < files; ++file) {
    all.push_back(folder / "root" / name_of(file));
    if (file % files_per_folder == 0) fs::create_directories(all.back().parent_path());
    make_right(all.back());
  }
  std::string text;
  std::size_t parts = 0;
  for (std::size_t number = 0; number < engines; ++number) {
    text += engine(number, number * files / engines, (number + 1) * files / engines);
    if (text.size() < part_size && number + 1 < engines) continue;
    std::ofstream(folder / ("engines" + std::to_string(parts++) + ".yaml")) << "version: 1\nengines:\n"
                                                                            << std::exchange(text, {});
  }
  write_configuration(folder, "", "include: [ \"engines*.yaml\" ]\n");
  return all;
}

}  // namespace autoheal::bench
