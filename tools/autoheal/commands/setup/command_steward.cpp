// steward: the metrics, as a table for people and as Prometheus reads them.
#include <fmt/core.h>
#include <unistd.h>

#include "autoheal/store/file/posix_file.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/events/webhooks.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/autoheal/steward/exposition.hpp"
#include "tools/autoheal/steward/ledger_steward.hpp"
#include "tools/autoheal/steward/metric_table.hpp"

namespace autoheal::cli {

namespace {

constexpr const char* steward_example = R"(
Examples:
  autoheal steward
  autoheal steward --prometheus
  autoheal steward --textfile /var/lib/prometheus/node-exporter
A running daemon counts since it began; where none runs, all entries of the ledger are counted. The table leaves out
what is 0; json, jsonl and csv have every series. On a terminal it shows how durations are distributed, 10 ms to 1 h.
`autoheal audit summary` says for people what a period came to.
)";

struct StewardOptions {
  bool prometheus = false;
  std::string textfile;
};

// Over the whole ledger, by this process.
Result<std::string> metrics_of_ledger(const LoadedConfiguration& configuration) {
  const auto past = open_past(configuration);
  AUTOHEAL_TRY(past);
  const auto seen = LedgerSteward(configuration.settings.ledger, *past->vault, {}).figures();
  AUTOHEAL_TRY(seen);
  OwnFigures own;  // of this process, which knows but how far others came
  for (const config::WebhookSpec& spec : configuration.settings.webhooks) {
    const auto place = past->ledger->place_of(place_name_of(spec.name));
    AUTOHEAL_TRY(place);
    if (*place) own.follow(spec.name, **place);
  }
  return exposition(seen->figures,
                    {version, seen->head, configuration.settings.healing.enabled, own.seen(), seen->witnesses});
}

Table table_of(const std::vector<MetricRow>& rows, OutputFormat format) {
  const bool is_text = format == OutputFormat::text;
  const bool draws = is_text && ::isatty(STDOUT_FILENO) == 1;
  Table table;
  table.columns = {"metric", "labels", "value", "mean"};
  if (draws) table.columns.emplace_back("distribution");
  for (const MetricRow& row : rows) {
    if (is_text && row.value == 0) continue;
    std::vector<std::string> cells = {row.metric, labels_text(row), number_text(row.value),
                                      row.is_histogram && row.value > 0 ? number_text(row.sum / row.value) : ""};
    if (draws) cells.push_back(sparkline(row.counts));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

int print_metrics(const Session& session, const StewardOptions& options, std::string_view metrics) {
  if (options.prometheus) {
    if (metrics.ends_with('\n')) metrics.remove_suffix(1);
    session.console.data(metrics);
    return exit_done;
  }
  const auto rows = metric_rows(metrics);
  if (!rows) return session.fail(rows.error());
  print(session.console, table_of(*rows, session.options.output), session.options.output);
  return exit_done;
}

int run_steward(const Session& session, const StewardOptions& options) {
  const auto of_daemon = metrics_of_daemon(session.configuration);
  const auto metrics = of_daemon ? *of_daemon : metrics_of_ledger(session.configuration);
  if (!metrics) return session.fail(metrics.error());
  if (options.textfile.empty()) return print_metrics(session, options, *metrics);
  const std::string file = options.textfile + "/autoheal.prom";
  const auto written = store::replace_file(file, *metrics, 0644);
  if (!written) return session.fail(written.error());
  session.console.note(fmt::format("{} {} is written", session.console.paint(Tone::good, "✓"), file));
  return exit_done;
}

}  // namespace

void add_steward(CommandLine& line) {
  auto [command, options] =
      line.add("steward", "metrics of healing, also as Prometheus reads them", Needs::record, run_steward);
  command.footer(steward_example);
  auto prometheus = command.flag("--prometheus", options.prometheus, "the text that Prometheus reads");
  command
      .option("--textfile", options.textfile, "DIR",
              "write DIR/autoheal.prom, for the textfile collector of the node exporter")
      .excludes(prometheus);
}

}  // namespace autoheal::cli
