#include "tools/autoheal/commands/replay/show_files.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "tools/autoheal/output/new_file.hpp"
#include "tools/autoheal/report/heal_changes.hpp"
#include "tools/autoheal/report/heal_evidence.hpp"
#include "tools/autoheal/report/heal_page_facts.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;

store::Packing packing_of(const fs::path& file) {
  const std::string extension = file.extension().string();
  return extension == ".gz" || extension == ".tgz" ? store::Packing::gzip : store::Packing::plain;
}

Result<void> write_report(const Session& session, const Past& past, const std::string& heal, const std::string& file) {
  const auto page = page_for_people(session.configuration, past, heal);
  AUTOHEAL_TRY(page);
  const auto path = fs::absolute(file);
  if (auto written = write_new_file(path.string(), html_of(*page)); !written) return written;
  session.console.note(path.string() + " is the heal as a page");
  return {};
}

}  // namespace

int show_changes(const Session& session, const Past& past, const std::string& heal) {
  const auto page = page_for_people(session.configuration, past, heal);
  if (!page) return session.fail(page.error());
  if (session.console.json()) {
    session.console.data(json_of_changes(*page));
  } else {
    print_changes(session.console, *page);
  }
  return exit_done;
}

Result<void> write_evidence(const Session& session, const Past& past, const std::string& heal, const std::string& file,
                            bool with_secrets) {
  const Secrets secrets = with_secrets ? Secrets::taken_along : Secrets::left_out;
  const auto evidence = evidence_of(past, session.configuration.settings.ledger + ".vault", heal, secrets);
  AUTOHEAL_TRY(evidence);
  const auto archive = pack(evidence->bundle, packing_of(file));
  AUTOHEAL_TRY(archive);
  const auto path = fs::absolute(file);
  if (auto written = write_new_file(path.string(), *archive); !written) return written;
  session.console.note(fmt::format("{}: {} entries with their proofs, {} contents", path.string(),
                                   evidence->bundle.entries.size(), evidence->bundle.blobs.size()));
  for (const std::string& what : evidence->left_out) session.console.note("left out: " + what);
  session.console.note(fmt::format("to be checked anywhere with: autoheal ledger check {} --key '{}'",
                                   path.filename().string(), evidence->bundle.key));
  return {};
}

int show_in_files(const Session& session, const Past& past, const std::string& heal, const HealFiles& files) {
  if (!files.evidence.empty()) {
    if (auto written = write_evidence(session, past, heal, files.evidence, files.with_secrets); !written)
      return session.fail(written.error());
  }
  if (!files.report.empty()) {
    if (auto written = write_report(session, past, heal, files.report); !written) return session.fail(written.error());
  }
  return exit_done;
}

}  // namespace autoheal::cli
