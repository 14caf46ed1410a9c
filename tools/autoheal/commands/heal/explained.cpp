#include "tools/autoheal/commands/heal/explained.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "autoheal/engine/base/plural.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "autoheal/workflows/edit/settings_edit.hpp"
#include "autoheal/workflows/effects/gather_evidence.hpp"
#include "autoheal/workflows/judge/env_scope.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "autoheal/workflows/supervision/holds.hpp"
#include "autoheal/workflows/supervision/pause_text.hpp"
#include "tools/autoheal/commands/heal/dry_run.hpp"
#include "tools/autoheal/commands/parts/heal_list.hpp"
#include "tools/autoheal/configuration/known_secrets.hpp"
#include "tools/host/real_host.hpp"
#include "tools/host/system/user_account.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;  // every line below reads its values

std::string in_a_row(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string run_text(const ProgramRun& run) {
  std::string text;
  for (const std::string& argument : run.argv) text += (text.empty() ? "" : " ") + argument;
  return text;
}

std::string owner_text(const TargetFacts& facts) {
  const auto user = host::account_of(static_cast<uid_t>(facts.uid));
  return (user ? user->name : std::to_string(facts.uid)) + ":" + host::group_name(facts.gid);
}

// Who the configuration names a target, and what it says of it.
class Declarations {
 public:
  explicit Declarations(const EngineSpec& spec) : spec_(spec) {}

  std::vector<ExplainedTarget> all() {
    repairs();
    probes(spec_.self_test, "self_test");
    probes(spec_.repair.checks, "checks");
    for (ExplainedTarget& target : targets_)
      target.keyed = naming_of_target(spec_, target.path) == engine::BlobNaming::keyed;
    return std::move(targets_);
  }

 private:
  void repairs() {
    const RepairSpec& repair = spec_.repair;
    for (const ReleaseRepair& one : repair.release) {
      declare(one.link, fmt::format("release: a link to one of {}/, checked by its {}", one.releases, one.manifest),
              "as a link; the release behind it by its manifest");
    }
    for (const FileRepair& one : repair.files) {
      std::string text =
          fmt::format("files: the bytes of {} ({})", one.baseline_path, replay::short_digest(one.baseline));
      if (one.mode) text += ", mode " + replay::octal(*one.mode);
      if (!one.owner.empty()) text += ", owner " + one.owner;
      if (one.validate) text += ", accepted by " + run_text(*one.validate);
      declare(one.path, std::move(text), "byte for byte");
    }
    for (const EnvRepair& one : repair.env) {
      declare(one.file, env_text(one), "");
      say_env_readers(one.file, one.dialect);
    }
    for (const SettingsRepair& one : repair.settings) {
      std::vector<std::string> pointers;
      for (const auto& [pointer, value] : one.set) pointers.push_back(pointer);
      declare(one.file, "settings: sets " + in_a_row(pointers), settings_reader(one.file));
    }
    for (const PolicyRepair& one : repair.policy) {
      declare(one.path, policy_text(one), one.forbid.empty() ? "not read: only mode and owner count" : "line by line");
    }
    for (const LinkRepair& one : repair.links)
      declare(one.path, "links: a link to " + one.target, "as a link; what it leads to is not looked at");
    for (const StateRepair& one : repair.state)
      declare(one.path, "state: restored from " + one.snapshot, "as a database or folder, as a whole");
  }

  static std::string env_text(const EnvRepair& env) {
    std::vector<std::string> set;
    for (const auto& [name, value] : env.set) set.push_back(name + (value.from_file.empty() ? "" : " (from a file)"));
    std::string text = "env:";
    const auto add = [&text](const char* what, const std::vector<std::string>& names) {
      if (!names.empty()) text += fmt::format("{}{} {}", text.ends_with(':') ? " " : "; ", what, in_a_row(names));
    };
    add("sets", set);
    add("requires", env.require);
    add("unsets", env.unset);
    return text;
  }

  static std::string policy_text(const PolicyRepair& policy) {
    std::vector<std::string> rules;
    if (policy.absent) rules.emplace_back("must not exist");
    if (policy.max_mode) rules.push_back("no wider mode than " + replay::octal(*policy.max_mode));
    if (!policy.owner.empty()) rules.push_back("owner " + policy.owner);
    for (const std::string& pattern : policy.forbid) rules.push_back("no line with " + pattern);
    if (policy.recursive) rules.emplace_back("all below it, too");
    return "policy: " + in_a_row(rules);
  }

  void probes(const std::vector<Probe>& all, const std::string& where) {
    for (const Probe& probe : all) {
      const std::string who = fmt::format("{} {}: ", where, probe.name);
      if (const auto* file = std::get_if<FileProbe>(&probe.what)) {
        declare(file->path,
                who + (file->baseline_path.empty() ? "a file" : "the bytes of " + file->baseline_path) +
                    (file->mode ? ", mode " + replay::octal(*file->mode) : "") +
                    (file->owner.empty() ? "" : ", owner " + file->owner) + (file->acl ? ", acl " + *file->acl : ""),
                "byte for byte");
      } else if (const auto* env = std::get_if<EnvProbe>(&probe.what)) {
        std::vector<std::string> names = env->require;
        for (const auto& [name, value] : env->equals) names.push_back(name);
        declare(env->file, fmt::format("{}asks for {}", who, in_a_row(names)), "");
        say_env_readers(env->file, env->dialect);
      } else if (const auto* settings = std::get_if<SettingsProbe>(&probe.what)) {
        std::vector<std::string> pointers = settings->require;
        for (const auto& [pointer, value] : settings->equals) pointers.push_back(pointer);
        declare(settings->file, fmt::format("{}asks for {}", who, in_a_row(pointers)), settings_reader(settings->file));
      } else if (const auto* link = std::get_if<LinkProbe>(&probe.what)) {
        declare(link->path, fmt::format("{}a link to {}", who, link->target),
                "as a link; what it leads to is not looked at");
      }
    }
  }

  static const char* settings_reader(const std::string& file) {
    return settings_format_of(file) == SettingsFormat::yaml
               ? "by the YAML reader; a repair is judged by another library, over all documents of the file"
               : "by the JSON reader; a repair is judged by another reader, over the whole file";
  }

  // Whose reading counts is told from the text itself where no dialect is declared.
  void say_env_readers(const std::string& file, const std::string& dialect) {
    auto target = std::ranges::find(targets_, file, &ExplainedTarget::path);
    if (!target->reader.empty() && dialect.empty()) return;
    const auto declared = [this, &file](std::string_view name) {
      return std::ranges::any_of(spec_.repair.env, [&](const EnvRepair& one) {
        return one.file == file &&
               (std::ranges::find(one.set, name, &std::pair<std::string, EnvValue>::first) != one.set.end() ||
                std::ranges::find(one.unset, name) != one.unset.end());
      });
    };
    std::vector<std::string> counting, others;
    const auto readers = env_readers_of(text_of(file), dialect, declared);
    for (const EnvReader reader : all_env_readers) {
      const bool counts = std::ranges::find(readers, reader) != readers.end();
      const bool only_declared = reader == EnvReader::docker || reader == EnvReader::expand;
      if (counts || (dialect.empty() && !only_declared)) (counts ? counting : others).emplace_back(name_of(reader));
    }
    target->reader =
        fmt::format("as .env by {}{}{}", in_a_row(counting),
                    dialect.empty() ? ", as the file tells" : fmt::format(" (declared: dialect {})", dialect),
                    others.empty() ? "" : "; what is written in it is not meant for " + in_a_row(others));
  }

  // Empty where it cannot be read: what is wrong then is said by the look at it.
  [[nodiscard]] std::string text_of(const std::string& file) const {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::path(spec_.root) / file;
    if (!std::filesystem::is_regular_file(path, error)) return {};
    std::ifstream stream(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    return text;
  }

  void declare(const std::string& path, std::string text, const std::string& reader) {
    auto known = std::ranges::find(targets_, path, &ExplainedTarget::path);
    if (known == targets_.end()) {
      targets_.emplace_back().path = path;
      known = targets_.end() - 1;
      known->reader = reader;
    }
    known->declared.push_back(std::move(text));
  }

  const EngineSpec& spec_;
  std::vector<ExplainedTarget> targets_;
};

void look(host::RealHost& host, const EngineSpec& spec, std::vector<ExplainedTarget>& targets) {
  for (ExplainedTarget& target : targets) {
    auto facts = host.look(spec, {target.path});
    if (!facts) {
      target.problem = facts.error().message;
      continue;
    }
    target.facts = std::move(facts->front());
    if (target.facts->kind != TargetKind::absent) target.owner = owner_text(*target.facts);
  }
}

void see_who_has_them_open(Explained& explained) {
  std::vector<host::FileIdentity> wanted;
  for (const ExplainedTarget& target : explained.targets) {
    if (target.facts && target.facts->inode != 0) wanted.push_back({target.facts->device, target.facts->inode});
  }
  host::OpenFiles open = host::open_files(wanted);
  explained.unseen_processes = open.unseen;
  for (ExplainedTarget& target : explained.targets) {
    if (!target.facts || target.facts->inode == 0) continue;
    target.open = open.by_file[{target.facts->device, target.facts->inode}];
  }
}

// A keyed digest of this moment's key says nothing to anybody.
std::string without_keyed_digests(std::string line) {
  constexpr std::string_view keyed = "hmac-sha256:";
  for (auto at = line.find(keyed); at != std::string::npos; at = line.find(keyed, at)) {
    auto end = at + keyed.size();
    while (end < line.size() && std::string_view("0123456789abcdef").find(line[end]) != std::string_view::npos) ++end;
    line.replace(at, end - at, "(secret content)");
  }
  return line;
}

void plan(const Session& session, const EngineSpec& spec, host::RealHost& host, engine::BlobStore& blobs,
          Explained& explained) {
  const auto& principals = session.configuration.settings.principals;
  const bool may = allows(principals.role_of(principals.actor), Permission::heal);
  auto preview = preview_now(session, spec, may, host, blobs);
  if (!preview) {
    explained.plan_problem =
        preview.error().message + (preview.error().hint.empty() ? "" : "; " + preview.error().hint);
    return;
  }
  for (const Change& change : preview->plan.changes) {
    const std::string line = without_keyed_digests(replay::line_of(change));
    auto target = std::ranges::find(explained.targets, change.before.path, &ExplainedTarget::path);
    if (target == explained.targets.end()) {
      explained.targets.emplace_back().path = change.before.path;  // below a folder that was declared
      target = explained.targets.end() - 1;
      target->facts = change.before;
      target->owner = owner_text(change.before);
      target->declared = {"lies below a declared folder"};
    }
    target->repair.push_back(line);
  }
  for (const Act& act : preview->plan.acts) explained.acts.push_back(replay::line_of(act));
  explained.plan = std::move(preview->plan);
  explained.refusals = std::move(preview->refusals);
}

std::vector<std::string> asked_afterwards(const EngineSpec& spec) {
  std::vector<std::string> asked = {"every changed target is as the plan left it, and nobody has changed it since"};
  if (!spec.certify.hashes.empty())
    asked.push_back(
        fmt::format("hashes: what {} match has its adopted or declared digest", in_a_row(spec.certify.hashes)));
  std::size_t cells = 0;
  for (const TestSpec& test : spec.certify.tests) cells += cells_of(test).size();
  asked.push_back(fmt::format("tests: {} and {} pass",
                              plural(spec.self_test.size() + spec.repair.checks.size(), "probe"),
                              plural(cells, "test")));
  const SecuritySpec& security = spec.certify.security;
  asked.push_back(security.paths.empty()
                      ? "security: what was touched breaks no rule"
                      : fmt::format("security: {} and what was touched break no rule", in_a_row(security.paths)));
  asked.emplace_back("roles: the principal was allowed each change when it was made");
  return asked;
}

std::vector<std::string> brakes_on(const Session& session, const EngineSpec& spec) {
  std::vector<std::string> said;
  const config::Configuration& settings = session.configuration.settings;
  if (!settings.healing.enabled || !spec.healing.enabled)
    said.emplace_back("healing is switched off: it is not healed");
  if (spec.healing.observe_only) said.emplace_back("mode: observe: it is tested, never healed by itself");
  if (!allows(settings.principals.role_of(settings.principals.actor), Permission::heal))
    said.push_back(
        fmt::format("healing.actor {} is not an admiral: nothing is healed automatically", settings.principals.actor));
  const auto past = open_past(session.configuration);
  if (!past) {
    said.push_back("what the ledger says is not known: " + past.error().message);
    return said;
  }
  const auto holds = holds_in(*past->ledger);
  if (const auto hold = holds ? holds->of(spec.name, engine::SystemClock().now()) : std::nullopt)
    said.push_back(fmt::format("held {} by {}: it is not healed", until_text(hold->until, engine::SystemClock().now()),
                               hold->by.principal));
  store::HealFilter newest;
  newest.engine = spec.name;
  newest.newest = 1;
  (void)list_heals(*past, newest, [&](const store::AuditedHeal& heal) {
    said.push_back(fmt::format("its last heal {} is {}{}, begun {}", heal.heal, heal.state,
                               heal.reason.empty() ? "" : " (" + heal.reason + ")", heal.started));
    return true;
  });
  return said;
}

void mask_all(const SecretMask& mask, Explained& explained) {
  const auto over = [&mask](std::vector<std::string>& texts) {
    for (std::string& text : texts) text = mask(text);
  };
  for (ExplainedTarget& target : explained.targets) {
    target.problem = mask(target.problem);
    over(target.declared);
    over(target.repair);
    if (target.facts) target.facts->link_target = mask(target.facts->link_target);
  }
  const auto text_mask = [&mask](std::string_view text) { return mask(text); };
  for (std::size_t index = 0; index < explained.probes.size(); ++index)
    tell_of_program(text_mask, explained.declared_probes[index], explained.probes[index]);
  for (Refusal& refusal : explained.refusals) refusal.reason = mask(refusal.reason);
  explained.plan_problem = mask(explained.plan_problem);
  over(explained.acts);
  over(explained.asked_afterwards);
  over(explained.standing);
}

}  // namespace

Explained explain(const Session& session, const EngineSpec& spec) {
  SecretMask mask(session.configuration.settings.secrets);
  learn_secrets(session.configuration.settings, mask);
  store::MemoryBlobs blobs;  // nothing is kept
  host::RealHost host({.blobs = blobs,
                       .own_files = {session.configuration.settings.ledger},
                       .at_step = {},
                       .program = session.configuration.program});
  Explained explained;
  explained.targets = Declarations(spec).all();
  look(host, spec, explained.targets);
  see_who_has_them_open(explained);
  for_each_probe(spec, [&](const Probe& probe) {
    explained.probes.push_back(host.probe(spec, probe, fmt::format("explain/{}/0/0", spec.name)));
    explained.declared_probes.push_back(probe);
  });
  plan(session, spec, host, blobs, explained);
  explained.asked_afterwards = asked_afterwards(spec);
  explained.standing = brakes_on(session, spec);
  learn_secrets_on_disk(spec, mask);
  mask_all(mask, explained);
  return explained;
}

}  // namespace autoheal::cli
