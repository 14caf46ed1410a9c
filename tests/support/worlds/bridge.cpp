#include "tests/support/worlds/bridge.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "autoheal/store/ledger/ledger_reader.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "tests/support/worlds/replayed.hpp"

namespace autoheal::testing {

namespace fs = std::filesystem;

namespace {

// SQLite counts changes and schemas in the header of a database: what is put back in place by its own means holds the
// same, but was changed twice.
std::string content_of(std::string file) {
  if (!file.starts_with(std::string("SQLite format 3\0", 16)) || file.size() < 100) return file;
  for (const auto& [at, size] : {std::pair(24U, 4U), std::pair(40U, 4U), std::pair(92U, 8U)})
    file.replace(at, size, size, 0);
  return "database of " + std::to_string(file.size()) + " bytes #" + std::to_string(std::hash<std::string>()(file));
}

}  // namespace

fs::path Bridge::made_folder() {
  std::string name = ::testing::TempDir() + "bridge." + std::string(6, 'X');
  return ::mkdtemp(name.data());
}

Bridge::~Bridge() {
  if (replays) replay_ledgers();
  std::ifstream pidfile(path("run/app.pid"));
  if (pid_t service = 0; pidfile >> service && service > 1) ::kill(service, SIGKILL);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

// A ledger is known by the vault beside it.
void Bridge::replay_ledgers() const {
  std::error_code ignored;
  for (auto entry = fs::recursive_directory_iterator(folder_, fs::directory_options::skip_permission_denied, ignored);
       entry != fs::recursive_directory_iterator(); entry.increment(ignored)) {
    if (entry.depth() >= 2) entry.disable_recursion_pending();
    if (entry->path().extension() != ".vault" || !fs::is_directory(entry->symlink_status(ignored))) continue;
    entry.disable_recursion_pending();
    const fs::path path = fs::path(entry->path()).replace_extension();
    if (!fs::exists(path, ignored)) continue;
    const auto ledger = store::LedgerReader::open(path);
    const auto vault = store::Vault::open(entry->path(), {}, store::VaultAccess::read_only);
    EXPECT_TRUE(ledger) << ledger.error().message;
    EXPECT_TRUE(vault) << vault.error().message;
    replay::Adoptions adoptions;
    if (ledger && vault) expect_replays_to_same(**ledger, **vault, adoptions);
  }
}

void Bridge::write(const std::string& relative, const std::string& content, unsigned mode) const {
  fs::create_directories(path(relative).parent_path());
  fs::remove(path(relative));
  std::ofstream(path(relative), std::ios::binary) << content;
  ::chmod(path(relative).c_str(), mode);
}

void Bridge::script(const std::string& relative, const std::string& body) const {
  write(relative, "#!/bin/sh\n" + body, 0755);
}

std::string Bridge::read(const std::string& relative) const {
  std::ifstream stream(path(relative), std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool Bridge::exists(const std::string& relative) const { return fs::exists(fs::symlink_status(path(relative))); }

void Bridge::configure(const std::string& engines, const std::string& head) const {
  write("autoheal.yaml", "version: 1\nhealing: { max_retries: 2, retry_delay: 0 }\n" + head + "engines:\n" + engines);
}

std::string Bridge::picture(bool exact) const {
  std::map<std::string, std::string> lines;
  for (auto entry = fs::recursive_directory_iterator(folder_); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().lexically_relative(folder_).string();
    if (name == "var" || name == "logs" || name == "run" || name == ".autoheal") {
      entry.disable_recursion_pending();
      continue;
    }
    if (name.ends_with("-shm")) continue;  // an index that SQLite makes anew
    struct stat facts{};
    ::lstat(entry->path().c_str(), &facts);
    std::ostringstream line;
    line << name << " " << std::oct << facts.st_mode << std::dec << " " << facts.st_uid << ":" << facts.st_gid << " ";
    if (S_ISLNK(facts.st_mode)) line << fs::read_symlink(entry->path()).string();
    if (S_ISREG(facts.st_mode)) line << content_of(read(name));
    if (exact) line << " #" << facts.st_ino << " " << facts.st_mtim.tv_sec << "." << facts.st_mtim.tv_nsec;
    lines[name] = line.str();
  }
  std::string text;
  for (const auto& [name, line] : lines) text += line + "\n";
  return text;
}

Invocation Bridge::invocation(std::vector<std::string> arguments,
                              std::map<std::string, std::string> environment) const {
  arguments.insert(arguments.begin(), AUTOHEAL_PROGRAM);
  return {std::move(arguments), std::move(environment), {}, folder_.string()};
}

Ran Bridge::autoheal(std::vector<std::string> arguments, std::map<std::string, std::string> environment,
                     const std::string& input) const {
  Invocation one = invocation(std::move(arguments), std::move(environment));
  one.input = input;
  return run(one);
}

std::vector<std::string> Bridge::entries(const std::string& type) const {
  std::istringstream lines(autoheal({"ledger", "export"}).out);
  std::vector<std::string> found;
  for (std::string line; std::getline(lines, line);) {
    if (nlohmann::json::parse(line).at("type") == type) found.push_back(line);
  }
  return found;
}

std::vector<std::string> Bridge::types_of_heal() const {
  std::istringstream lines(autoheal({"audit", "--heal", "last", "-o", "jsonl"}).out);
  std::vector<std::string> types;
  for (std::string line; std::getline(lines, line);)
    types.push_back(nlohmann::json::parse(line).at("type").get<std::string>().substr(5));
  return types;
}

std::vector<std::string> Bridge::marked_processes() const {
  std::istringstream first(autoheal({"ledger", "export"}).out);
  std::string line;
  std::getline(first, line);
  const std::string source = line.empty() ? "" : nlohmann::json::parse(line).at("source").get<std::string>();
  const std::string mark = "AUTOHEAL_EFFECT=" + source.substr(source.rfind('/') + 1);
  std::vector<std::string> found;
  for (const auto& process : fs::directory_iterator("/proc")) {
    std::ifstream stream(process.path() / "environ", std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    if (text.str().find(mark) != std::string::npos) found.push_back(process.path().filename());
  }
  return found;
}

}  // namespace autoheal::testing
