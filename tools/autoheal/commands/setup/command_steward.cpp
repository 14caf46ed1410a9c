// steward: the metrics, as Prometheus reads them.
#include <fmt/core.h>

#include "autoheal/store/file/posix_file.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/autoheal/steward/exposition.hpp"
#include "tools/autoheal/steward/ledger_steward.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* steward_example = R"(
Examples:
  autoheal steward
  autoheal steward --textfile /var/lib/prometheus/node-exporter
A running daemon counts since it began; where none runs, all entries of the ledger are counted.
`autoheal audit summary` says for people what a period came to.
)";

struct StewardOptions {
  std::string textfile;
};

// Over the whole ledger, by this process.
Result<std::string> metrics_of_ledger(const LoadedConfiguration& configuration) {
  const auto past = open_past(configuration);
  AUTOHEAL_TRY(past);
  const auto seen = LedgerSteward(configuration.settings.ledger, *past->vault, {}).figures();
  AUTOHEAL_TRY(seen);
  return exposition(seen->figures, {version, seen->head.value, configuration.settings.healing.enabled});
}

int run_steward(const Session& session, const StewardOptions& options) {
  const auto of_daemon = metrics_of_daemon(session.configuration);
  const auto metrics = of_daemon ? *of_daemon : metrics_of_ledger(session.configuration);
  if (!metrics) return session.fail(metrics.error());
  if (options.textfile.empty()) {
    std::string_view text = *metrics;
    if (text.ends_with('\n')) text.remove_suffix(1);
    session.console.data(text);
    return exit_done;
  }
  const std::string file = options.textfile + "/autoheal.prom";
  const auto written = store::replace_file(file, *metrics, 0644);
  if (!written) return session.fail(written.error());
  session.console.note(fmt::format("{} {} is written", session.console.paint(Tone::good, "✓"), file));
  return exit_done;
}

}  // namespace

void add_steward(CommandLine& line) {
  auto [command, options] =
      line.add("steward", "metrics of healing, as Prometheus reads them", Needs::record, run_steward);
  command.footer(steward_example);
  command.option("--textfile", options.textfile, "DIR",
                 "write DIR/autoheal.prom, for the textfile collector of the node exporter");
}

}  // namespace autoheal::cli
