#include "tools/simulator/journal.hpp"

#include <fstream>

namespace autoheal::simulator {

namespace {
constexpr const char* heading = "autoheal-sim 2";
constexpr const char* earlier_heading = "autoheal-sim 1";
}  // namespace

Result<Progress> read_journal(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return Progress{};
  std::string first;
  std::getline(stream, first);
  Progress read;
  std::int64_t simulated_us = 0, took_us = 0;
  stream >> read.next_seed >> read.lives >> read.heals >> read.entries >> read.deaths >> read.self_tests >>
      read.failures >> simulated_us >> took_us;
  if (first == heading) stream >> read.completed >> read.refused >> read.documents >> read.writings;
  if ((first != heading && first != earlier_heading) || !stream)
    return failure(ErrorKind::invalid, file.string() + " is no journal of this simulator; name another file");
  for (std::uint64_t seed = 0; stream >> seed;) read.failed.push_back(seed);
  read.simulated = Duration(simulated_us);
  read.took = Duration(took_us);
  return read;
}

Result<void> write_journal(const std::filesystem::path& file, const Progress& progress) {
  const std::filesystem::path next = file.string() + ".new";
  {
    std::ofstream stream(next);
    stream << heading << '\n'
           << progress.next_seed << ' ' << progress.lives << ' ' << progress.heals << ' ' << progress.entries << ' '
           << progress.deaths << ' ' << progress.self_tests << ' ' << progress.failures << ' '
           << progress.simulated.count() << ' ' << progress.took.count() << '\n'
           << progress.completed << ' ' << progress.refused << ' ' << progress.documents << ' ' << progress.writings
           << '\n';
    for (const std::uint64_t seed : progress.failed) stream << seed << '\n';
    if (!stream.flush()) return failure(ErrorKind::unavailable, next.string() + " cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(next, file, error);
  if (error) return failure(ErrorKind::unavailable, file.string() + " cannot be replaced: " + error.message());
  return {};
}

}  // namespace autoheal::simulator
