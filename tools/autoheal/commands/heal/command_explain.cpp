// explain: why one engine is, or is not, healed: said target by target, or as one JSON object.
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/commands/heal/explained.hpp"
#include "tools/autoheal/commands/parts/common_arguments.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/session/session.hpp"

#include <fmt/core.h>

namespace autoheal::cli {

namespace {

constexpr const char* explain_example = R"(
Example:
  autoheal explain EnvRecon
For each target: what is there now, what the configuration declares, how it was read, which programs have it open,
and what a repair would do with it. Then each probe's verdict and why, the plan, whether it would be certified, and
what is tested afterwards. Nothing is changed and nothing recorded; it works beside a daemon. The probes are run
as the self-test runs them, as the user who asks. Secrets are masked. If you disagree, compare "there" with what
you see yourself, then `autoheal config show` with what you wrote.
)";

using namespace workflows;

constexpr std::size_t label_width = 10;

std::string_view verdict_text(ProbeVerdict verdict) {
  switch (verdict) {
    case ProbeVerdict::pass:
      return "passes";
    case ProbeVerdict::warning:
      return "warns";
    case ProbeVerdict::fail:
      return "fails";
    case ProbeVerdict::unknown:
      break;
  }
  return "is unknown";
}

std::string digest_text(const ExplainedTarget& target) {
  if (target.keyed || target.facts->digest.empty()) return {};
  return replay::short_digest(target.facts->digest);
}

std::string what_is_there(const ExplainedTarget& target) {
  if (!target.facts) return "could not be looked at: " + target.problem;
  const TargetFacts& facts = *target.facts;
  if (facts.kind == TargetKind::absent) return in_words(facts.kind);
  std::string text = in_words(facts.kind);
  if (facts.kind == TargetKind::link) return fmt::format("{} to {}, {}", text, facts.link_target, target.owner);
  text += fmt::format(", mode {}, {}", replay::octal(facts.mode), target.owner);
  if (facts.kind == TargetKind::file) text += fmt::format(", {} bytes", facts.size);
  if (const std::string digest = digest_text(target); !digest.empty()) text += ", " + digest;
  if (facts.kind == TargetKind::file && facts.links > 1) text += fmt::format(", {} names (hard links)", facts.links);
  return text;
}

std::string holder_text(const host::OpenBy& one) {
  return fmt::format("process {} ({}){}", one.pid, one.program, one.writes ? ", to write" : ", to read");
}

// Text for people: labels in one column, one thing on a line.
class ExplainedPage {
 public:
  ExplainedPage(Console& console, const EngineSpec& spec, const Explained& explained)
      : console_(console), spec_(spec), explained_(explained) {}

  void print() {
    console_.data(fmt::format("{} ({}), root {}; nothing was touched",
                              console_.paint(Tone::strong, printable(spec_.name)), name_of(spec_.strategy),
                              printable(spec_.root)));
    for (const std::string& line : explained_.standing) console_.data("  " + printable(line));
    for (const ExplainedTarget& target : explained_.targets) print(target);
    print_probes();
    print_plan();
  }

 private:
  void line(std::string_view label, const std::string& text) {
    std::string padded(label);
    padded.resize(std::max(label_width, label.size() + 1), ' ');
    console_.data("  " + console_.paint(Tone::dim, padded) + printable(text));
  }

  void heading(const std::string& text) {
    console_.data("");
    console_.data(console_.paint(Tone::strong, printable(text)));
  }

  void print(const ExplainedTarget& target) {
    heading(target.path);
    line("there", what_is_there(target));
    for (std::size_t index = 0; index < target.declared.size(); ++index)
      line(index == 0 ? "declared" : "", target.declared[index]);
    if (!target.reader.empty()) line("read", target.reader);
    print_holders(target);
    if (explained_.plan && target.repair.empty()) line("repair", "nothing to change");
    for (std::size_t index = 0; index < target.repair.size(); ++index)
      line(index == 0 ? "repair" : "", "would " + target.repair[index]);
  }

  void print_holders(const ExplainedTarget& target) {
    if (!target.facts || target.facts->kind == TargetKind::absent) return;
    for (std::size_t index = 0; index < target.open.size(); ++index)
      line(index == 0 ? "open by" : "", holder_text(target.open[index]));
    if (!target.open.empty()) return;
    line("open by", explained_.unseen_processes == 0
                        ? "nobody"
                        : fmt::format("nobody that this user can see; {} processes of other users cannot be inspected",
                                      explained_.unseen_processes));
  }

  void print_probes() {
    heading("probes");
    std::size_t width = label_width;
    for (const ProbeResult& probe : explained_.probes) width = std::max(width, probe.name.size() + 2);
    for (const ProbeResult& probe : explained_.probes) {
      std::string name = printable(probe.name);
      name.resize(std::max(width, name.size() + 1), ' ');
      const Tone tone = probe.verdict == ProbeVerdict::pass ? Tone::good : Tone::bad;
      console_.data(fmt::format("  {}{}{}{}", name, console_.paint(tone, verdict_text(probe.verdict)),
                                probe.message.empty() ? "" : ": " + printable(probe.message),
                                probe.heal ? "" : " (only reported)"));
    }
  }

  void print_plan() {
    heading("a repair now");
    if (!explained_.plan) return line("no plan", explained_.plan_problem);
    if (explained_.plan->empty()) line("would", "change nothing");
    for (const ExplainedTarget& target : explained_.targets) {
      for (const std::string& change : target.repair) line("would", change);
    }
    for (const std::string& act : explained_.acts) line("would", act);
    for (const Refusal& refusal : explained_.refusals) line("refused", refusal.criterion + ": " + refusal.reason);
    console_.data("  " + (explained_.refusals.empty()
                              ? console_.paint(Tone::good, "the plan would be certified, and carried out")
                              : console_.paint(Tone::bad, "the plan would be refused: nothing would be touched")));
    if (!explained_.refusals.empty()) return;
    for (std::size_t index = 0; index < explained_.asked_afterwards.size(); ++index)
      line(index == 0 ? "then" : "", explained_.asked_afterwards[index]);
    console_.data("  what does not hold by then is rolled back");
  }

  Console& console_;
  const EngineSpec& spec_;
  const Explained& explained_;
};

void write(JsonWriter& out, std::string_view key, const std::vector<std::string>& texts) {
  out.key(key).begin_array();
  for (const std::string& text : texts) out.value(text);
  out.end_array();
}

void write(JsonWriter& out, const ExplainedTarget& target) {
  out.begin_object().field("path", target.path);
  if (target.facts) {
    const TargetFacts& facts = *target.facts;
    out.field("kind", name_of(facts.kind));
    if (facts.kind != TargetKind::absent) out.field("mode", replay::octal(facts.mode)).field("owner", target.owner);
    if (facts.kind == TargetKind::file) out.field("bytes", facts.size).field("names", facts.links);
    out.optional_field("digest", target.keyed ? std::string() : facts.digest);
    out.optional_field("link_target", facts.link_target);
  }
  out.optional_field("problem", target.problem);
  write(out, "declared", target.declared);
  out.optional_field("reader", target.reader);
  out.key("open_by").begin_array();
  for (const host::OpenBy& one : target.open) {
    out.begin_object().field("pid", static_cast<std::int64_t>(one.pid)).field("program", one.program);
    out.field("writes", one.writes).end_object();
  }
  out.end_array();
  write(out, "repair", target.repair);
  out.end_object();
}

std::string to_json(const EngineSpec& spec, const Explained& explained) {
  JsonWriter out;
  out.begin_object().field("engine", spec.name).field("strategy", name_of(spec.strategy)).field("root", spec.root);
  write(out, "standing", explained.standing);
  out.key("targets").begin_array();
  for (const ExplainedTarget& target : explained.targets) write(out, target);
  out.end_array().field("processes_not_seen", static_cast<std::uint64_t>(explained.unseen_processes));
  out.key("probes").begin_array();
  for (const ProbeResult& probe : explained.probes) {
    out.begin_object().field("name", probe.name).field("verdict", verdict_text(probe.verdict));
    out.optional_field("message", probe.message).field("heal", probe.heal).end_object();
  }
  out.end_array().key("plan").begin_object();
  out.field("certified", explained.plan.has_value() && explained.refusals.empty());
  out.optional_field("problem", explained.plan_problem);
  write(out, "acts", explained.acts);
  out.key("refusals").begin_array();
  for (const Refusal& refusal : explained.refusals)
    out.begin_object().field("criterion", refusal.criterion).field("reason", refusal.reason).end_object();
  out.end_array();
  write(out, "asked_afterwards", explained.asked_afterwards);
  return out.end_object().end_object().take();
}

int run_explain(const Session& session, const EngineArgument& options) {
  if (const int refused = session.require(Permission::read, "explain an engine"); refused != exit_done) return refused;
  const auto spec = named_engine(session, options.engine);
  if (!spec) return session.fail(spec.error());
  const Explained explained = explain(session, **spec);
  if (session.console.json()) {
    session.console.data(to_json(**spec, explained));
  } else {
    ExplainedPage(session.console, **spec, explained).print();
  }
  return exit_done;
}

}  // namespace

void add_explain(CommandLine& line) {
  auto [command, options] =
      line.add("explain", "why one engine is, or is not, healed: what is there, what is declared, what would be done",
               Needs::record_for_anyone, run_explain);
  command.footer(explain_example);
  add_engine_argument(command, options.engine).required();
}

}  // namespace autoheal::cli
