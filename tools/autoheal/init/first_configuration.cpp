#include "tools/autoheal/init/first_configuration.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>

#include "autoheal/engine/base/ascii.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "tools/autoheal/output/printable.hpp"
#include "tools/config/yaml_tree.hpp"

namespace autoheal::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name_bytes = 100;

// A YAML scalar in double quotes. Names with control characters never come here.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string octal(workflows::FileMode mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode);
  return text;
}

// A pattern that matches this path alone.
std::string as_pattern(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool special = c == '*' || c == '?' || c == '[';
    out += special ? std::string("[") + c + "]" : std::string(1, c);
  }
  return out;
}

// Cut at the beginning of a character.
std::string shortened(std::string text) {
  std::size_t size = std::min(text.size(), longest_name_bytes);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  text.resize(size);
  return text;
}

std::string not_taken(const std::string& name, std::set<std::string>& taken) {
  std::string one = name;
  for (unsigned number = 2; !taken.insert(one).second; ++number) one = name + "-" + std::to_string(number);
  return one;
}

class Writer {
 public:
  explicit Writer(const FirstConfiguration& configuration) : configuration_(configuration) {}

  std::string text() {
    head();
    if (configuration_.nginx) nginx(*configuration_.nginx);
    for (const UnitEngine& unit : configuration_.units) add_unit(unit);
    for (const FolderEngine& folder : configuration_.folders) add_folder(folder);
    return std::move(text_);
  }

 private:
  void line(const std::string& one) { text_ += one + "\n"; }

  void head() {
    line("# Written by `autoheal init`. Every field and what it takes: `autoheal config help`.");
    line("version: 1");
    line("");
    line("# What Autoheal did, for good, and the reports of its self-tests. Paths begin at the folder of this file.");
    line("ledger: " + quoted(configuration_.ledger));
    line("reports: " + quoted(configuration_.reports));
    line("");
    line("healing:");
    line("  # observe: engines are tested, and what would have been healed is recorded. Nothing is touched, but for a");
    line("  # heal that you ask for by name (`autoheal heal NAME`). Once you agree with what it would do: mode: heal");
    line("  mode: observe");
    line("");
    line("engines:");
  }

  void begin(const std::string& name, const std::string& strategy) {
    line("  - name: " + quoted(name));
    // Some names decide how an engine is repaired; here the keys do.
    if (workflows::strategy_of_name(name)) line("    strategy: " + strategy);
  }

  [[nodiscard]] std::string source(const std::string& path) const {
    const std::string below = fs::path(path).lexically_relative(configuration_.folder).string();
    return below.empty() || below == ".." || below.starts_with("../") ? path : below;
  }

  void file_probes(const ManagedFolder& folder, const std::string& prefix, std::set<std::string>& names) {
    line("      # Each file holds the same bytes as its good copy, and has this mode and owner.");
    for (const ManagedFile& file : folder.files) {
      line("      - { name: " + quoted(probe_name(file.path, names)) + ", file: { path: " + quoted(prefix + file.path) +
           ", baseline: " + quoted(source(folder.baseline + "/" + file.path)) + rights_of(file) + " } }");
    }
  }

  void file_repairs(const ManagedFolder& folder, const std::string& prefix) {
    line("      # Else the good copy takes its place, in one step. Change a file for good in both places.");
    line("      files:");
    for (const ManagedFile& file : folder.files) {
      line("        - { path: " + quoted(prefix + file.path) +
           ", baseline: " + quoted(source(folder.baseline + "/" + file.path)) + rights_of(file) + " }");
    }
  }

  void hashes(const ManagedFolder& folder, const std::string& prefix) {
    line("    certify:");
    line(
        "      # A repair stays only if all of these are right afterwards, and the self-test passes. Else everything "
        "is");
    line("      # put back as it was.");
    line("      hashes:");
    for (const ManagedFile& file : folder.files) line("        - " + quoted(as_pattern(prefix + file.path)));
  }

  static std::string rights_of(const ManagedFile& file) {
    std::string text = file.mode ? ", mode: " + quoted(octal(*file.mode)) : std::string();
    if (!file.owner.empty()) text += ", owner: " + quoted(file.owner);
    return text;
  }

  void add_folder(const FolderEngine& engine) {
    line(fmt::format("  # {} of a folder, held against good copies.", plural(engine.folder.files.size(), "file")));
    begin(engine.name, "arie");
    line(fmt::format("    root: {}  # where the paths of its files begin", quoted(engine.folder.root)));
    line("    every: 30s  # how often `autoheal serve` tests it, besides at once when a file changes");
    std::set<std::string> names;
    line("    self_test:");
    file_probes(engine.folder, "", names);
    line("    repair:");
    file_repairs(engine.folder, "");
    hashes(engine.folder, "");
  }

  void nginx_probes(const NginxEngine& engine, const std::string& address, std::set<std::string>& names) {
    line(engine.systemd ? "      # systemd says that it is active, and its main process is not halted."
                        : "      # Its process lives, and is not halted.");
    line("      - { name: process, process: { " +
         (engine.systemd ? "unit: nginx.service" : "pidfile: " + quoted(engine.pidfile.substr(1))) + " } }");
    line("      # nginx itself accepts its configuration.");
    line("      - { name: configuration, command: [nginx, -t] }");
    line("      - { name: port, tcp: { host: " + quoted(engine.host) + ", port: " + std::to_string(engine.port) +
         " }, timeout: 2s }");
    names.insert({"process", "configuration", "port", "web"});
    if (engine.tls) return;
    line("      - { name: web, http: { url: " + quoted(fmt::format("http://{}/", address)) +
         ", status: " + std::to_string(engine.status) + " }, timeout: 5s }");
  }

  void nginx(const NginxEngine& engine) {
    const bool v6 = engine.host.contains(':');
    const std::string host = v6 ? "[" + engine.host + "]" : engine.host;
    const std::string address = engine.port == 80 ? host : host + ":" + std::to_string(engine.port);
    const std::string prefix = engine.systemd ? "" : engine.folder.root.substr(1) + "/";
    line("  # nginx: its configuration, its port, its answer.");
    begin(engine.name, "arie");
    line(fmt::format("    root: {}  # where the paths of its files begin",
                     quoted(engine.systemd ? engine.folder.root : "/")));
    line("    every: 30s  # how often `autoheal serve` tests it, besides at once when a file changes");
    line("    self_test:");
    std::set<std::string> names;
    nginx_probes(engine, address, names);
    file_probes(engine.folder, prefix, names);
    line("    repair:");
    file_repairs(engine.folder, prefix);
    nginx_service(engine);
    hashes(engine.folder, prefix);
  }

  void nginx_service(const NginxEngine& engine) {
    line("      # After its files: `check` must pass, then what runs reads them, and what is dead is started.");
    line("      service:");
    if (engine.systemd) {
      line("        systemd: nginx.service");
      line("        reload: [systemctl, reload-or-restart, nginx.service]");
    } else {
      line("        start: [nginx]");
      line("        stop: [nginx, -s, quit]");
      line("        reload: [nginx, -s, reload]");
      line("        pidfile: " + quoted(engine.pidfile.substr(1)));
    }
    line("        check: [nginx, -t]");
  }

  void add_unit(const UnitEngine& engine) {
    line("  # A service that systemd runs.");
    begin(engine.name, "generic");
    line("    every: 30s  # how often `autoheal serve` tests it");
    line("    self_test:");
    line(
        "      # Passes while systemd says that the unit is active, and its main process is not halted. Better still: "
        "ask "
        "what");
    line("      # the service is there for, with `tcp`, `http` or a command of your own.");
    line("      - { name: active, process: { unit: " + quoted(engine.unit) + " } }");
    line("    repair:");
    line("      service: { systemd: " + quoted(engine.unit) + " }  # restarted; started if it is dead");
  }

  const FirstConfiguration& configuration_;
  std::string text_;
};

}  // namespace

std::string engine_name(const std::string& wanted, std::set<std::string>& taken) {
  const bool shown = printable(wanted) == wanted;
  std::string name;
  for (const char c : wanted) {
    const bool beyond_ascii = static_cast<unsigned char>(c) >= 0x80;
    name += ascii::is_letter_or_digit(c) || std::string_view("._+@:-").contains(c) || (beyond_ascii && shown) ? c : '-';
  }
  name.erase(0, std::min(name.find_first_not_of("-."), name.size()));
  name = shortened(std::move(name));
  while (name.ends_with('-')) name.pop_back();
  return not_taken(name.empty() ? "folder" : name, taken);
}

std::string probe_name(const std::string& path, std::set<std::string>& taken) {
  std::string name;
  for (const char c : path) name += c == '/' ? '-' : c == ' ' ? '_' : c;
  return not_taken(shortened(std::move(name)), taken);
}

Result<std::string> text_of(const FirstConfiguration& configuration) {
  std::string text = Writer(configuration).text();
  if (text.size() <= config::largest_file_bytes) return text;
  return failure(ErrorKind::invalid, "a configuration of so many files would be larger than 1 MiB",
                 "name a smaller folder, or put only the files that decide into the baseline folder");
}

}  // namespace autoheal::cli
