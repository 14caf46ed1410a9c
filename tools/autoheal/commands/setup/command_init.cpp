// init: a first autoheal.yaml for what is there, in mode observe. Everything is looked at before anything is written;
// what was written goes again if the whole does not come about. Needs no configuration and no ledger.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/json_writer.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "tools/autoheal/command_line/command_line.hpp"
#include "tools/autoheal/init/first_configuration.hpp"
#include "tools/autoheal/init/found_on_host.hpp"
#include "tools/autoheal/output/new_file.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/autoheal/output/table.hpp"
#include "tools/autoheal/session/session.hpp"
#include "tools/config/configuration.hpp"
#include "tools/host/probe/http_exchange.hpp"

namespace autoheal::cli {

namespace {

struct InitOptions {
  bool nginx = false;
  std::vector<std::string> units, folders, baselines;
};

constexpr const char* init_example = R"(
Examples:
  autoheal init --folder /srv/app/etc --baseline baseline/app
  autoheal -c /etc/autoheal/autoheal.yaml init --nginx --unit postgresql --unit redis
writes ./autoheal.yaml (or FILE of -c) in mode: observe. Where the baseline folder is missing or empty, it is made
as a copy of what is there now: at most 10,000 files of 64 MiB, without symlinks and what looks like a secret.
A file that exists is never overwritten.
)";

namespace fs = std::filesystem;

constexpr const char* state_folder = "autoheal-state";
constexpr std::size_t most_skipped_shown = 100;

std::string absolute(const std::string& path) {
  std::string text = fs::absolute(path).lexically_normal().string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

Result<void> check_init_options(const InitOptions& options) {
  if (!options.nginx && options.units.empty() && options.folders.empty()) {
    return failure(ErrorKind::invalid, "nothing is named that Autoheal should look after",
                   "--nginx, --unit NAME, or --folder DIR --baseline DIR: see autoheal init --help");
  }
  if (options.folders.size() != options.baselines.size()) {
    return failure(ErrorKind::invalid,
                   fmt::format("there are {} --folder and {} --baseline, expected one for each", options.folders.size(),
                               options.baselines.size()),
                   "a baseline folder that is not there is made: --folder etc --baseline baseline/etc");
  }
  for (const auto* paths : {&options.folders, &options.baselines}) {
    for (const std::string& path : *paths) {
      if (path.empty() || printable(absolute(path)) != absolute(path))
        return failure(ErrorKind::invalid, fmt::format("\"{}\" cannot be written into a configuration", path),
                       "a path has characters that can be shown");
    }
  }
  return {};
}

// The configuration decides what is run: nobody else may put it there.
Result<void> check_place(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  struct stat status{};
  if (::lstat(file.c_str(), &status) == 0) {
    return failure(ErrorKind::invalid, file + " is there already, and is never overwritten",
                   "name another with -c FILE, or move it away");
  }
  if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return failure(ErrorKind::not_found, "there is no folder " + folder, "mkdir -p " + folder);
  if ((status.st_mode & S_IWOTH) == 0 && (status.st_uid == ::geteuid() || status.st_uid == 0)) return {};
  return failure(ErrorKind::invalid, "others can write the folder " + folder,
                 "name one of your own with -c FILE: who can write the configuration decides what is run");
}

// Files and folders made on the way: removed again unless all went well.
class Made {
 public:
  Made() = default;
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;
  ~Made() {
    std::error_code ignored;
    if (!file.empty()) fs::remove(file, ignored);
    for (const std::string& baseline : baselines) fs::remove_all(baseline, ignored);
    for (; !above.empty(); above.pop_back()) fs::remove(above.back(), ignored);
  }
  void keep() {
    file.clear();
    baselines.clear();
    above.clear();
  }

  std::string file;
  std::vector<std::string> baselines, above;
};

class Init {
 public:
  Init(const InitOptions& options, const std::string& config_file)
      : options_(options), file_(absolute(config_file.empty() ? "autoheal.yaml" : config_file)) {
    first_.folder = fs::path(file_).parent_path().string();
  }

  Result<void> run() {
    if (auto good = check_init_options(options_); !good) return good;
    if (auto good = check_place(file_); !good) return good;
    if (auto found = find(); !found) return found;
    AUTOHEAL_TRY(text_of(first_));
    return write();
  }

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const FirstConfiguration& configuration() const { return first_; }
  [[nodiscard]] bool state_lies_apart() const { return state_apart_; }

 private:
  Result<void> find() {
    std::optional<FoundNginx> nginx;
    if (options_.nginx) {
      auto found = look_.nginx();
      AUTOHEAL_TRY(found);
      nginx = std::move(*found);
    }
    if (auto found = find_units(nginx.has_value()); !found) return found;
    if (nginx) plan_nginx(*nginx);
    for (std::size_t index = 0; index < options_.folders.size(); ++index)
      requests_.push_back({absolute(options_.folders[index]), absolute(options_.baselines[index]), {}, {}});
    if (auto apart = check_apart(); !apart) return apart;
    choose_state();
    return look_at_folders();
  }

  Result<void> find_units(bool with_nginx) {
    if (with_nginx) names_.insert("nginx");
    for (const std::string& written : options_.units) {
      if (auto known = look_.unit(written); !known) return known;
      const std::string unit = written.contains('.') ? written : written + ".service";
      const bool again = std::ranges::find(first_.units, unit, &UnitEngine::unit) != first_.units.end();
      if (again || (with_nginx && unit == "nginx.service")) continue;
      const std::string name = unit.ends_with(".service") ? unit.substr(0, unit.size() - 8) : unit;
      first_.units.push_back({engine_name(name, names_), unit});
    }
    return {};
  }

  void plan_nginx(const FoundNginx& found) {
    NginxEngine engine;
    engine.name = "nginx";
    engine.systemd = found.has_systemd;
    engine.pidfile = found.pidfile;
    engine.host = found.listen.host;
    engine.port = found.listen.port;
    engine.tls = found.listen.tls;
    first_.nginx = std::move(engine);
    const auto wanted = [](const std::string& path) {
      return path.ends_with(".conf") && (!path.contains('/') || path.starts_with("conf.d/"));
    };
    requests_.push_back({found.folder, absolute(first_.folder + "/baseline/nginx"), {}, wanted});
  }

  // Two engines never share a file, nor a good copy.
  Result<void> check_apart() const {
    for (std::size_t one = 0; one < requests_.size(); ++one) {
      for (std::size_t other = 0; other < one; ++other) {
        const auto meet = [&](std::string ManagedFolderRequest::* path) {
          const std::string left = resolved(requests_[one].*path), right = resolved(requests_[other].*path);
          return lies_in(left, right) || lies_in(right, left);
        };
        const bool roots = meet(&ManagedFolderRequest::root);
        if (!roots && !meet(&ManagedFolderRequest::baseline)) continue;
        const auto& [left, right] = std::tie(requests_[other], requests_[one]);
        return failure(
            ErrorKind::invalid,
            roots ? fmt::format("{} and {} are managed twice, expected separate folders", left.root, right.root)
                  : fmt::format("{} and {} hold the copies of two, expected separate folders", left.baseline,
                                right.baseline));
      }
    }
    return {};
  }

  // The ledger and the reports lie beside the configuration, and in no way of a folder that is managed.
  void choose_state() {
    const std::string folder = resolved(first_.folder);
    state_apart_ = std::ranges::any_of(requests_, [&](const ManagedFolderRequest& one) {
      const std::string root = resolved(one.root);
      return lies_in(folder, root) || lies_in(root, folder + "/var") || lies_in(root, folder + "/logs");
    });
    first_.ledger = state_apart_ ? std::string(state_folder) + "/ledger.db" : "var/ledger.db";
    first_.reports = state_apart_ ? std::string(state_folder) + "/reports" : "logs/selftest_reports";
  }

  Result<void> look_at_folders() {
    for (ManagedFolderRequest& request : requests_) {
      request.own = {file_, first_.folder + "/" + state_folder};
      for (const ManagedFolderRequest& other : requests_) {
        if (&other != &request) request.own.push_back(other.baseline);
      }
      auto found = look_at_folder(request);
      AUTOHEAL_TRY(found);
      if (request.wanted) {
        first_.nginx->folder = std::move(*found);
      } else {
        const std::string name = fs::path(found->root).filename().string();
        first_.folders.push_back({engine_name(name, names_), std::move(*found)});
      }
    }
    return {};
  }

  Result<void> make(ManagedFolder& folder, Made& made) const {
    if (!folder.copies) return {};
    auto folders = make_baseline(folder);
    AUTOHEAL_TRY(folders);
    made.baselines.push_back(folders->back());
    folders->pop_back();
    made.above.insert(made.above.end(), folders->begin(), folders->end());
    return {};
  }

  Result<void> write() {
    Made made;
    if (first_.nginx) {
      ask_nginx(*first_.nginx);
      if (auto done = make(first_.nginx->folder, made); !done) return done;
    }
    for (FolderEngine& engine : first_.folders) {
      if (auto done = make(engine.folder, made); !done) return done;
    }
    const auto text = text_of(first_);
    AUTOHEAL_TRY(text);
    if (auto written = write_new_file(file_, *text); !written) return written;
    made.file = file_;
    if (auto valid = check_by_loading(); !valid) return valid;
    made.keep();
    return {};
  }

  // The answer of today is the wanted one, unless it is an error.
  static void ask_nginx(NginxEngine& engine) {
    if (engine.tls) return;
    const std::string host = engine.host.contains(':') ? "[" + engine.host + "]" : engine.host;
    host::HttpRequest request;
    request.url = fmt::format("http://{}:{}/", host, engine.port);
    request.body_limit = 0;
    const auto answer = host::send_request(request, std::chrono::seconds(2));
    if (answer && answer->status >= 100 && answer->status < 500) engine.status = answer->status;
  }

  // The loader has the last word. The environment of this call is not the configuration's matter.
  [[nodiscard]] Result<void> check_by_loading() const {
    const auto loaded = config::load(file_, {{}, [](const std::string& content) { return sha256_name(content); }});
    const std::size_t engines = first_.units.size() + first_.folders.size() + (first_.nginx ? 1 : 0);
    if (loaded && loaded->engines.size() == engines) return {};
    const std::string why = loaded ? "engines are missing in it" : config::to_text(loaded.error().front());
    return failure(ErrorKind::fatal, "the configuration that init made is not valid, and was removed: " + why,
                   "this is a defect of Autoheal: please tell us");
  }

  const InitOptions& options_;
  const HostLook look_;
  const std::string file_;
  FirstConfiguration first_;
  std::vector<ManagedFolderRequest> requests_;
  std::set<std::string> names_;
  bool state_apart_ = false;
};

// One engine of what was written, as it is told.
struct Told {
  std::string kind, name, what;
  const ManagedFolder* folder = nullptr;
};

std::vector<Told> all_of(const FirstConfiguration& first) {
  std::vector<Told> all;
  if (first.nginx) {
    const NginxEngine& engine = *first.nginx;
    all.push_back({"nginx", engine.name,
                   fmt::format("nginx -t, {} port {}, {} of {}{}", engine.host, engine.port,
                               plural(engine.folder.files.size(), "file"), engine.folder.root,
                               engine.systemd ? ", service nginx.service" : ", pidfile " + engine.pidfile),
                   &engine.folder});
  }
  for (const UnitEngine& engine : first.units) all.push_back({"unit", engine.name, "unit " + engine.unit});
  for (const FolderEngine& engine : first.folders) {
    all.push_back({"folder", engine.name,
                   fmt::format("{} of {}", plural(engine.folder.files.size(), "file"), engine.folder.root),
                   &engine.folder});
  }
  return all;
}

std::string to_json(const Init& init) {
  JsonWriter out;
  out.begin_object().field("file", init.file()).field("mode", "observe").key("engines").begin_array();
  for (const Told& engine : all_of(init.configuration())) {
    out.begin_object().field("engine", engine.name).field("kind", engine.kind);
    if (engine.folder != nullptr) {
      out.field("root", engine.folder->root).field("baseline", engine.folder->baseline);
      out.field("baseline_made", engine.folder->copies).field("files", engine.folder->files.size());
      out.key("skipped").begin_array();
      for (const SkippedFile& one : engine.folder->skipped)
        out.begin_object().field("path", one.path).field("reason", one.reason).end_object();
      out.end_array();
    }
    out.end_object();
  }
  return out.end_array().end_object().take();
}

void tell_engine(Console& console, const Told& engine) {
  console.note(fmt::format("  {}: {}", engine.name, engine.what));
  if (engine.folder == nullptr) return;
  console.note(std::string(engine.folder->copies ? "    good copies made as they are now: "
                                                 : "    held against the good copies in ") +
               engine.folder->baseline);
  const auto& skipped = engine.folder->skipped;
  for (std::size_t index = 0; index < std::min(skipped.size(), most_skipped_shown); ++index)
    console.note(fmt::format("    skipped {}: {}", printable(skipped[index].path), skipped[index].reason));
  if (skipped.size() > most_skipped_shown)
    console.note(fmt::format("    and {} more; -o json names all", skipped.size() - most_skipped_shown));
}

// `text` as a shell takes it for one word.
std::string for_shell(const std::string& text) {
  const bool plain = std::ranges::all_of(
      text, [](char c) { return ascii::is_letter_or_digit(c) || std::string_view("/._+@:-").contains(c); });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// How to call autoheal so that it finds what was just written.
std::string call_of(const Options& options, const std::string& file) {
  const char* elsewhere = std::getenv("AUTOHEAL_CONFIG");
  const bool found = options.config_file.empty() && (elsewhere == nullptr || *elsewhere == 0);
  return found ? "autoheal" : "autoheal -c " + for_shell(options.config_file.empty() ? file : options.config_file);
}

void tell_what_next(const Options& options, Console& console, const Init& init) {
  const std::string call = call_of(options, init.file());
  const std::string engine = for_shell(all_of(init.configuration()).front().name);
  console.note("");
  console.note("What next:");
  const std::vector<std::pair<std::string, std::string>> steps = {
      {" config check", "read it, change it, and let it be checked"},
      {" selftest --no-heal", "what fails, without touching anything"},
      {fmt::format(" heal {} --dry-run", engine), "what would be repaired, and would it be certified?"},
      {" serve", "watches and tests; in mode observe it only records"},
      {" audit --type heal.skipped", "what it would have healed"},
  };
  std::size_t width = 0;
  for (const auto& [arguments, what] : steps) width = std::max(width, arguments.size());
  for (const auto& [arguments, what] : steps)
    console.note(fmt::format("  {}{}{}{}", call, arguments, std::string(width - arguments.size() + 3, ' '), what));
  console.note(fmt::format("Once you agree with what it would do, write `mode: heal` into {}.", init.file()));
}

void report(const Options& options, Console& console, const Init& init) {
  if (console.json()) return console.data(to_json(init));
  const std::vector<Told> engines = all_of(init.configuration());
  if (options.output == OutputFormat::csv) {
    Table table{{"file", "engine", "kind", "what"}, {}};
    for (const Told& engine : engines) table.rows.push_back({init.file(), engine.name, engine.kind, engine.what});
    return print(console, table, options.output);
  }
  console.data(fmt::format("{}{} is written: {}, mode: observe", console.paint(Tone::good, "✓ "),
                           printable(init.file()), plural(engines.size(), "engine")));
  for (const Told& engine : engines) tell_engine(console, engine);
  if (init.state_lies_apart()) {
    console.note(fmt::format(
        "  ledger and reports lie in {}/, which is left out: the usual var/ and logs/ would lie among what is managed",
        state_folder));
  }
  tell_what_next(options, console, init);
}

int run_init(const Session& session, const InitOptions& options) {
  Init init(options, session.options.config_file);
  if (const auto done = init.run(); !done) return session.fail(done.error());
  report(session.options, session.console, init);
  return exit_done;
}

}  // namespace

void add_init(CommandLine& line) {
  auto [command, options] = line.add("init", "write a first autoheal.yaml for what you have; nothing is healed yet",
                                     Needs::nothing, run_init);
  command.footer(init_example);
  command.flag("--nginx", options.nginx, "the nginx of this machine: its configuration, port, answer, service");
  command.option("--unit", options.units, "NAME", "a systemd unit; may be repeated");
  command.option("--folder", options.folders, "DIR", "a folder whose files stay as they are; may be repeated");
  command.option("--baseline", options.baselines, "DIR",
                 "where the good copies of its files are: one for each --folder");
}

}  // namespace autoheal::cli
