// doctor: is all in place on this host, said one line at a time.
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/replay/text/timeline.hpp"
#include "autoheal/store/ledger/ledger_lock.hpp"
#include "autoheal/store/ledger/wal_state.hpp"
#include "autoheal/store/signing/signed_head.hpp"
#include "autoheal/store/vault/memory_blobs.hpp"
#include "autoheal/workflows/spec/visit_spec.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/protocol/daemon_client.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/host/change/left_behind.hpp"
#include "tools/host/real_host.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;

enum class Finding { good, warning, bad };

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024, mib = kib * kib;
  if (bytes < kib) return fmt::format("{} bytes", bytes);
  const std::uint64_t unit = bytes < mib ? kib : mib;
  return fmt::format("{}.{}{}", bytes / unit, bytes % unit * 10 / unit, unit == kib ? " KiB" : " MiB");
}

std::string age_text(Duration age) {
  using namespace std::chrono;
  if (age < minutes(1)) return fmt::format("{} s", duration_cast<seconds>(age).count());
  if (age < hours(1)) return fmt::format("{} min", duration_cast<minutes>(age).count());
  if (age < hours(48)) return fmt::format("{} h", duration_cast<hours>(age).count());
  return fmt::format("{} days", duration_cast<hours>(age).count() / 24);
}

class Doctor {
 public:
  explicit Doctor(const Session& session) : session_(session), settings_(session.configuration.settings) {}

  int run() {
    configuration();
    role();
    kernel();
    ledger();
    if (const auto& sending = settings_.checkpoints.command) programs("checkpoints", {sending->argv.front()});
    for (const workflows::EngineSpec& spec : settings_.engines) {
      engine(spec);
      if (roots_.insert(spec.root).second) left_beside_targets(spec);
    }
    space();
    return report();
  }

 private:
  struct Line {
    Finding finding;
    std::string what, advice;
  };
  void say(Finding finding, std::string what, std::string advice = {}) {
    lines_.push_back({finding, std::move(what), std::move(advice)});
  }

  void configuration() {
    if (const auto& unread = session_.configuration.unread) {
      return say(Finding::bad, "the configuration cannot be used: " + unread->message,
                 unread->hint.empty() ? "mend it; a daemon that runs goes on with the one it has" : unread->hint);
    }
    say(Finding::good, fmt::format("configuration {}, {} engines", settings_.file, settings_.engines.size()));
    for (const std::string& warning : settings_.warnings) say(Finding::warning, warning);
    if (!settings_.healing.enabled)
      say(Finding::warning, "healing is switched off", "healing.enabled, or AUTO_HEAL_ON in the environment");
  }

  void role() {
    if (session_.configuration.unread) return;
    const auto& who = session_.configuration.principal;
    const bool heals = allows(who.role, workflows::Permission::heal);
    say(heals ? Finding::good : Finding::warning, fmt::format("you are {}, role {}", who.name, name_of(who.role)),
        heals ? "" : "healing needs an admiral");
  }

  void kernel() {
    utsname name{};
    unsigned major = 0, minor = 0;
    const bool known = uname(&name) == 0 && std::sscanf(name.release, "%u.%u", &major, &minor) == 2;
    const bool enough = known && (major > 5 || (major == 5 && minor >= 6));
    say(enough ? Finding::good : Finding::bad, "kernel " + std::string(name.release),
        enough ? "" : "Autoheal needs Linux 5.6 or later (openat2, pidfd)");
  }

  static bool wider_than(const fs::path& path, mode_t allowed) {
    struct stat found{};
    return ::lstat(path.c_str(), &found) == 0 && (found.st_mode & 0777U & ~allowed) != 0;
  }

  void ledger() {
    std::error_code ignored;
    const std::string& path = settings_.ledger;
    if (const auto elsewhere = daemon_without_ledger(path)) say(Finding::bad, elsewhere->message, elsewhere->hint);
    if (!fs::exists(path, ignored)) {
      const bool lost = fs::exists(path + ".vault", ignored) || fs::exists(path + ".key", ignored);
      say(lost ? Finding::bad : Finding::good,
          lost ? fmt::format("the ledger {} is missing beside its vault", path) : "no ledger yet: " + path,
          lost ? "restore it from a copy; nothing writes until then" : "the first command that writes creates it");
      return;
    }
    const auto past = open_past(session_.configuration);
    if (!past) return say(Finding::bad, past.error().message, past.error().hint);
    const auto head = past->ledger->head();
    say(Finding::good, fmt::format("ledger {}, {} entries", path, head ? head->value : 0));
    for (const char* ending : {"-wal", "-shm"}) {
      if (!fs::exists(path + ending, ignored))
        say(Finding::warning, fmt::format("{}{} is missing", path, ending), "the next writer makes it again");
    }
    if (const std::string held = sentence_of(store::wal_state(path)); !held.empty())
      say(Finding::warning, held, "let it end: the log shrinks by itself then");
    if (wider_than(path + ".vault", 0700))
      say(Finding::bad, path + ".vault can be read by others", fmt::format("chmod 0700 {}.vault", path));
    if (wider_than(path + ".vault/key", 0600))
      say(Finding::bad, path + ".vault/key can be read by others", fmt::format("chmod 0600 {}.vault/key", path));
    signatures(*past->ledger);
    const auto open = past->ledger->open_streams();
    if (open && !open->empty())
      say(Finding::warning, fmt::format("{} heals or runs are open", open->size()), "autoheal resume");
    const auto lock = store::LedgerLock::acquire(path, Duration{0});
    if (!lock) owner(lock.error());
  }

  void owner(const Error& locked) {
    const auto sign = sign_of_daemon(session_.configuration);
    if (!sign) return say(Finding::warning, locked.message);
    if (!sign->problem.empty())
      return say(Finding::bad, "the daemon does not answer: " + sign->problem,
                 "its log says what it is at; restart it");
    say(Finding::good, std::string("the daemon answers") + (sign->recovering ? ", and reads what was left open" : ""));
    if (!sign->not_recorded.empty())
      say(Finding::bad, "nothing can be recorded: " + sign->not_recorded, "no heal begins until this is over");
    if (sign->stalls > 0) {
      say(Finding::warning,
          fmt::format("its loop stalled {} times, for at most {} s", sign->stalls, sign->longest_stall_us / 1'000'000),
          "its log says what it was at");
    }
    for (const std::string& engine : sign->late)
      say(Finding::warning, engine + " should have been tested long ago",
          "a test that hangs, or more tests than max_tests can take");
  }

  void signatures(const store::LedgerReader& ledger) {
    const std::string& key = settings_.checkpoints.key;
    if (wider_than(key, 0600)) say(Finding::bad, key + " can be read by others", "chmod 0600 " + key);
    const auto head = ledger.tree_head();
    const auto last = store::read_signed_head(settings_.ledger);
    if (!head) return say(Finding::bad, head.error().message, head.error().hint);
    if (!last) return say(Finding::bad, last.error().message, last.error().hint);
    std::error_code ignored;
    if (!*last && head->size == 0) return;
    if (!fs::exists(key, ignored) && !session_.configuration.unread)
      return say(Finding::bad, fmt::format("the signing key {} is not there", key),
                 "restore it: nothing is signed without it");
    const std::uint64_t size = *last ? (*last)->head.size : 0;
    if (size > head->size) {
      return say(
          Finding::bad,
          fmt::format("{} entries were signed, but the ledger holds {}: nothing is signed any more", size, head->size),
          "autoheal ledger verify");
    }
    say(size == head->size ? Finding::good : Finding::warning,
        fmt::format("{} of {} entries are signed", size, head->size),
        size == head->size ? "" : "autoheal ledger checkpoint --sign");
  }

  // A folder may be "executed", too: it may be entered.
  static bool is_program(const std::string& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
  }

  void programs(const std::string& where, const std::set<std::string>& paths) {
    for (const std::string& path : paths) {
      if (!is_program(path))
        say(Finding::bad, fmt::format("{}: {} cannot be executed", where, path), "install it, or correct its path");
    }
  }

  void engine(const workflows::EngineSpec& spec) {
    const std::size_t before = lines_.size();
    std::error_code ignored;
    if (!fs::is_directory(spec.root, ignored))
      say(Finding::bad, fmt::format("{}: its root {} is not there", spec.name, spec.root),
          "make the folder, or correct `root`");
    std::set<std::string> paths;
    for_each_program(spec, [&paths](const workflows::ProgramRun& run) {
      if (!run.argv.empty()) paths.insert(run.argv.front());
    });
    programs(spec.name, paths);
    targets(spec);
    if (lines_.size() == before) say(Finding::good, fmt::format("engine {}: root and programs are there", spec.name));
  }

  // Files in `.autoheal/` that no open heal needs.
  void left_beside_targets(const workflows::EngineSpec& spec) {
    const auto left = host::left_behind(spec.root);
    if (!left) {
      return say(Finding::warning,
                 fmt::format("{}: what heals left in {}/.autoheal is not known: {}", spec.name, spec.root,
                             left.error().message),
                 "ask as the user that heals");
    }
    if (left->empty()) return;
    const auto past = open_past(session_.configuration);
    for (const host::LeftBehind& one : *left) {
      const auto heal = past && !one.heal.empty() ? replay::timeline_of(one.heal, *past->ledger, *past->vault)
                                                  : failure(ErrorKind::not_found, "");
      const bool open = heal && !heal->state.has_ended();
      if (!open) say(Finding::warning, left_text(spec, one, heal), advice_on_left(one));
    }
  }

  static std::string left_text(const workflows::EngineSpec& spec, const host::LeftBehind& one,
                               const Result<replay::Timeline>& heal) {
    std::string text = fmt::format("{}: {}/{} ({}, there for {}", spec.name, spec.root, one.path, bytes_text(one.bytes),
                                   age_text(one.age));
    if (!one.heal.empty()) text += ", of heal " + one.heal;
    const workflows::Plan* plan = heal ? heal->state.plan() : nullptr;
    if (plan != nullptr && one.number > 0 && one.number <= plan->changes.size())
      text += ", displaced from " + plan->changes[one.number - 1].before.path;
    return text + ")" + (one.slot ? "" : " is nothing that Autoheal put there");
  }

  // A file that the vault can take by now goes there at the next start of a process that heals.
  [[nodiscard]] std::string advice_on_left(const host::LeftBehind& one) const {
    if (!one.slot) return "move it to where it belongs";
    switch (*one.slot) {
      case host::Slot::part:
      case host::Slot::check:
      case host::Slot::made:
        return "of no worth: `autoheal resume`, or the daemon's next start, removes it";
      case host::Slot::kept:
        return "somebody's edit that could not be put back: compare it with what is in its place, then move it away";
      case host::Slot::next:
      case host::Slot::before:
      case host::Slot::undone:
        break;
    }
    if (one.bytes > settings_.vault_max_blob_bytes) {
      return fmt::format(
          "larger than vault.max_blob ({}): raise that and `autoheal resume` takes it into the vault, or remove the "
          "file once nobody needs it",
          bytes_text(settings_.vault_max_blob_bytes));
    }
    return "`autoheal resume`, or the daemon's next start, takes it into the vault; if it stays then, somebody wrote "
           "to "
           "it: compare, then move it away";
  }

  // Targets that a repair would need to change, and could not.
  void targets(const workflows::EngineSpec& spec) {
    std::error_code ignored;
    if (!fs::is_directory(spec.root, ignored)) return;
    store::MemoryBlobs blobs;
    host::RealHost host({.blobs = blobs, .own_files = {settings_.ledger}, .at_step = {}, .program = {}});
    const auto found = host.obstacles(spec);
    if (!found)
      return say(Finding::warning,
                 fmt::format("{}: its targets cannot be inspected: {}", spec.name, found.error().message));
    for (const workflows::TargetFacts& facts : *found) {
      if (!facts.cannot_change.empty()) {
        say(Finding::warning, fmt::format("{}: {} {}", spec.name, facts.path, facts.cannot_change),
            "no repair of it can be made");
      } else if (!facts.cannot_replace.empty()) {
        say(Finding::warning, fmt::format("{}: {} {}", spec.name, facts.path, facts.cannot_replace),
            "its mode and owner can be repaired, its content cannot");
      }
    }
  }

  void space() {
    struct statvfs volume{};
    fs::path folder = fs::path(settings_.ledger).parent_path();
    std::error_code ignored;
    while (!folder.empty() && !fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
    if (::statvfs(folder.c_str(), &volume) != 0) return;
    const std::uint64_t free_mib = (std::uint64_t{volume.f_bavail} * volume.f_frsize) >> 20U;
    say(free_mib < 256 ? Finding::warning : Finding::good, fmt::format("{} MiB free for the ledger", free_mib),
        free_mib < 256 ? "make room: a heal that cannot be recorded does not begin" : "");
  }

  int report() {
    bool bad = false;
    JsonWriter out;
    out.begin_array();
    for (const Line& line : lines_) {
      bad = bad || line.finding == Finding::bad;
      const char* word = line.finding == Finding::good ? "ok" : line.finding == Finding::warning ? "warning" : "bad";
      out.begin_object()
          .field("finding", word)
          .field("what", line.what)
          .optional_field("advice", line.advice)
          .end_object();
      if (session_.console.json()) continue;
      const std::string mark = line.finding == Finding::good      ? session_.console.paint(Tone::good, "✓")
                               : line.finding == Finding::warning ? session_.console.paint(Tone::warning, "!")
                                                                  : session_.console.paint(Tone::bad, "✗");
      session_.console.data(
          fmt::format("{} {}{}", mark, line.what,
                      line.advice.empty() ? "" : session_.console.paint(Tone::dim, "  → " + line.advice)));
    }
    if (session_.console.json()) session_.console.data(out.end_array().take());
    return bad ? exit_failed : exit_done;
  }

  const Session& session_;
  const config::Configuration& settings_;
  std::vector<Line> lines_;
  std::set<std::string> roots_;  // whose staging folder was looked into
};

int run_doctor(const Session& session) { return Doctor(session).run(); }

}  // namespace

void add_doctor(CommandLine& line) {
  line.add("doctor", "is all in place: configuration, ledger, vault, roots, programs, kernel", Needs::record_for_anyone,
           run_doctor);
}

}  // namespace autoheal::cli
