#include "tools/autoheal/api/heal_files.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/unique_fd.hpp"
#include "autoheal/engine/base/whole_io.hpp"
#include "tools/autoheal/report/heal_evidence.hpp"
#include "tools/autoheal/report/heal_page_facts.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view report_begins = "bridge_selftest_";
constexpr std::string_view report_ends = ".json";
constexpr std::size_t most_reports = 1'000;
constexpr std::size_t largest_report_bytes = 16U << 20U;

struct HealOfPast {
  Past past;
  std::string heal;
};

Result<HealOfPast> heal_of_past(const LoadedConfiguration& configuration, const std::string& written) {
  auto past = open_past(configuration);
  AUTOHEAL_TRY(past);
  auto heal = find_heal(*past->ledger, written);
  AUTOHEAL_TRY(heal);
  return HealOfPast{std::move(*past), std::move(*heal)};
}

bool is_name_of_report(std::string_view name) {
  const auto is_plain = [](char one) { return (one >= '0' && one <= '9') || one == '_'; };
  return name == "latest" || (name.starts_with(report_begins) && name.size() < 60 &&
                              std::ranges::all_of(name.substr(report_begins.size()), is_plain));
}

}  // namespace

Result<std::string> page_of_heal(const LoadedConfiguration& configuration, const std::string& heal) {
  const auto found = heal_of_past(configuration, heal);
  AUTOHEAL_TRY(found);
  const auto page = page_for_people(configuration, found->past, found->heal);
  AUTOHEAL_TRY(page);
  return html_of(*page);
}

Result<std::string> evidence_of_heal(const LoadedConfiguration& configuration, const std::string& heal) {
  const auto found = heal_of_past(configuration, heal);
  AUTOHEAL_TRY(found);
  const std::string vault = configuration.settings.ledger + ".vault";
  const auto evidence = evidence_of(found->past, vault, found->heal, Secrets::left_out);
  AUTOHEAL_TRY(evidence);
  return pack(evidence->bundle, store::Packing::gzip);
}

Result<std::string> list_of_reports(const LoadedConfiguration& configuration) {
  std::vector<std::string> names;
  std::error_code problem;
  for (const auto& file : fs::directory_iterator(configuration.settings.reports, problem)) {
    std::string name = file.path().filename().string();
    if (!name.ends_with(report_ends)) continue;
    name.resize(name.size() - report_ends.size());
    if (name != "latest" && is_name_of_report(name)) names.push_back(std::move(name));
  }
  std::ranges::sort(names, std::greater());
  if (names.size() > most_reports) names.resize(most_reports);
  JsonWriter out;
  out.begin_object().key("reports").begin_array();
  for (const std::string& name : names) out.value(name);
  return out.end_array().end_object().take();
}

Result<std::string> report_named(const LoadedConfiguration& configuration, const std::string& name) {
  const auto none = [&] {
    return failure(ErrorKind::not_found, "there is no report of this name", "GET /api/v1/reports lists them");
  };
  if (!is_name_of_report(name)) return none();
  const std::string path = configuration.settings.reports + "/" + name + std::string(report_ends);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return none();
  auto text = read_whole(file.get(), largest_report_bytes);
  if (!text) return none();
  return std::move(*text);
}

}  // namespace autoheal::cli
