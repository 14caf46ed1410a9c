#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/base/numbers.hpp"
#include "autoheal/workflows/plan/engine_spec_codec.hpp"
#include "autoheal/workflows/spec/engine_fields.hpp"
#include "tools/config/included_files.hpp"
#include "tools/config/machine_fields.hpp"
#include "tools/config/read_context.hpp"
#include "tools/config/read_fields.hpp"
#include "tools/config/shape_check.hpp"
#include "tools/config/source_file.hpp"
#include "tools/config/texts/scalars.hpp"

namespace autoheal::config {

namespace {

constexpr std::size_t most_files = 64;
constexpr std::size_t most_problems_told = 100;
constexpr std::size_t most_engines = 10'000;

class Loader {
 public:
  Loader(const std::string& file, const LoadPorts& ports)
      : ports_(ports),
        context_{std::filesystem::absolute(file).lexically_normal(),
                 ports_,
                 problems_,
                 result_.warnings,
                 result_.scheduled_by_default,
                 {},
                 {},
                 {}} {}

  std::expected<Configuration, std::vector<Problem>> load() { return load(read_file(context_.file)); }

  std::expected<Configuration, std::vector<Problem>> load_text(const UploadedText& uploaded) {
    context_.looks_at_files = false;
    context_.baselines = uploaded.baselines;
    return load(parsed(context_.file, uploaded.text));
  }

 private:
  std::expected<Configuration, std::vector<Problem>> load(const Node* top) {
    result_.file = context_.file.string();
    if (top != nullptr) read_top(*top);
    apply_environment();
    place_beside_ledger(result_.checkpoints, result_.ledger);
    if (problems_.empty()) read_engines();
    if (problems_.empty()) resolve_services(result_, engine_nodes_, problems_);
    if (problems_.empty()) check_engines(result_, engine_nodes_, problems_);
    if (!problems_.empty()) return std::unexpected(sorted());
    result_.healing.retry_delay = retry_delay_.value_or(result_.healing.retry_delay);
    result_.healing.max_retries = max_retries_.value_or(result_.healing.max_retries);
    result_.digest = sha256_name(canonical_);
    result_.baselines = context_.baselines;
    return std::move(result_);
  }

  std::vector<Problem> sorted() {
    const workflows::SecretMask mask(result_.secrets);
    for (Problem& problem : problems_) problem.message = mask(problem.message);
    std::ranges::sort(problems_, {},
                      [](const Problem& one) { return std::tie(one.file, one.line, one.column, one.message); });
    if (problems_.size() > most_problems_told) {
      problems_.resize(most_problems_told);
      problems_.push_back({result_.file, 0, 0, {}, "there are more problems: these are the first"});
    }
    return std::move(problems_);
  }

  // Null where nothing of it can be used.
  const Node* read_file(const std::filesystem::path& path) {
    const auto text = read_source_file(path.string());
    if (!text) {
      problems_.push_back(text.error());
      return nullptr;
    }
    return parsed(path, *text);
  }

  const Node* parsed(const std::filesystem::path& path, const std::string& text) {
    result_.files.push_back(path.string());
    canonical_ += text;
    const std::size_t before = problems_.size();
    const Node& node = trees_.emplace_back(parse_yaml(path.string(), text, problems_));
    if (problems_.size() > before) return nullptr;
    check_shape(node, file_shape(), path.string(), {}, problems_);
    return problems_.size() > before ? nullptr : &node;
  }

  void read_top(const Node& top) {
    std::string ledger = "var/ledger.db", reports = "logs/selftest_reports";
    read(top, "ledger", ledger);
    read(top, "reports", reports);
    result_.ledger = context_.absolute(ledger);
    result_.reports = context_.absolute(reports);
    if (const Node* healing = top.find("healing")) {
      read_healing(*healing, result_.healing);
      read_fields(*healing, result_.principals);
      read_fields(*healing, result_);
    }
    if (const Node* secrets = top.find("secrets")) read_fields(*secrets, result_.secrets);
    context_.secrets = result_.secrets;
    if (const Node* vault = top.find("vault"); vault != nullptr && vault->find("max_blob") != nullptr) {
      result_.vault_max_blob_bytes = *parse_size(vault->find("max_blob")->text);
    }
    context_.largest_baseline_bytes = result_.vault_max_blob_bytes;
    result_.checkpoints = read_checkpoints(context_, top.find("checkpoints"));
    read_fields(top, result_.published);
    result_.webhooks = read_webhooks(context_, top);
    result_.witnesses = read_witnesses(context_, top);
    result_.api = read_api(context_, top.find("api"));
    read_principals(top);
    note_engines(top, context_.file);
    for (const Node& pattern : list_at(top, "include")) include(pattern);
    if (engine_nodes_.empty() && problems_.empty())
      context_.wrong(top, {}, "there are no engines, expected `engines:` with at least one");
  }

  void read_principals(const Node& top) {
    std::map<std::string, int> names, users, certificates;  // to their lines
    for (const Node& node : list_at(top, "principals")) {
      auto principal = from_fields<workflows::Principal>(node);
      if (principal.os_user.empty()) principal.os_user = principal.name;
      if (const auto [first, is_new] = names.emplace(principal.name, node.line); !is_new)
        context_.wrong(node, "principals",
                       fmt::format("\"{}\" stands here twice, first in line {}, expected each principal once",
                                   principal.name, first->second));
      if (const auto [first, is_new] = users.emplace(principal.os_user, node.line); !is_new)
        context_.wrong(node, "principals",
                       fmt::format("OS user \"{}\" would be two principals, first in line {}, expected one",
                                   principal.os_user, first->second));
      if (!principal.certificate.empty()) {
        if (const auto [first, is_new] = certificates.emplace(principal.certificate, node.line); !is_new)
          context_.wrong(node, "principals",
                         fmt::format("certificate \"{}\" would be two principals, first in line {}, expected one",
                                     principal.certificate, first->second));
      }
      result_.principals.listed.push_back(std::move(principal));
    }
    const auto& actor = result_.principals.actor;
    if (!names.empty() && result_.principals.role_of(actor) != workflows::Role::admiral) {
      context_.wrong(*top.find("principals"), "principals",
                     fmt::format("automatic heals act as \"{}\", expected it among them with role: admiral", actor));
    }
  }

  void note_engines(const Node& top, const std::filesystem::path& file) {
    for (const Node& engine : list_at(top, "engines")) engine_nodes_.emplace_back(file.string(), &engine);
    if (engine_nodes_.size() > most_engines) context_.wrong(top, "engines", "there are more than 10,000 engines");
  }

  void include(const Node& pattern) {
    if (!context_.looks_at_files)
      return context_.wrong(pattern, "include", "an uploaded configuration includes no files, expected one whole text");
    const auto files = included_files(context_.absolute(pattern.text), most_files);
    if (!files) return context_.wrong(pattern, "include", fmt::format("\"{}\": {}", pattern.text, files.error()));
    for (const std::string& file : *files) {
      if (result_.files.size() >= most_files)
        return context_.wrong(pattern, "include", "more than 64 files are included");
      const Node* top = read_file(file);
      if (top == nullptr) continue;
      for (const Node& key : top->keys) {
        if (key.text != "version" && key.text != "engines") {
          problems_.push_back(
              {file,
               key.line,
               key.column,
               {},
               fmt::format(
                   "\"{}\" belongs into the main file, expected only `version` and `engines` in an included one",
                   key.text)});
        }
      }
      note_engines(*top, file);
    }
  }

  void read_engines() {
    std::map<std::string, std::size_t> of_file;
    for (const auto& [file, node] : engine_nodes_) {
      context_.file = file;
      const std::string path = fmt::format("engines[{}]", of_file[file]++);
      workflows::EngineSpec& spec = result_.engines.emplace_back(read_engine(context_, *node, path, result_.healing));
      spec.healing.retry_delay = retry_delay_.value_or(spec.healing.retry_delay);
      spec.healing.max_retries = max_retries_.value_or(spec.healing.max_retries);
      canonical_ += workflows::encode_engine_spec(result_.engines.back());
    }
  }

  const std::string* environment(const std::string& name) const {
    const auto found = ports_.environment.find(name);
    return found == ports_.environment.end() ? nullptr : &found->second;
  }
  void junk(const std::string& name, const std::string& value, const std::string& expected) {
    problems_.push_back({"environment", 0, 0, name, fmt::format("found \"{}\", expected {}", value, expected)});
  }

  void apply_environment() {
    if (const auto* text = environment("AUTO_HEAL_ON")) {
      const auto on = parse_switch(*text);
      if (on) result_.healing.enabled = *on;
      if (!on) junk("AUTO_HEAL_ON", *text, "true or false, 1 or 0, on or off, yes or no");
    }
    if (const auto* text = environment("AUTOHEAL_RETRY_DELAY")) {
      const auto delay = parse_duration(*text);
      if (delay && *delay <= std::chrono::hours(24)) {
        retry_delay_ = delay;
      } else {
        junk("AUTOHEAL_RETRY_DELAY", *text, "seconds or a duration such as 500ms or 2m, at most 24h");
      }
    }
    if (const auto* text = environment("AUTOHEAL_MAX_RETRIES")) {
      const unsigned number = text->size() <= 3 ? parse_number<unsigned>(*text).value_or(0) : 0;
      if (number >= 1 && number <= 100) max_retries_ = number;
      if (number < 1 || number > 100) junk("AUTOHEAL_MAX_RETRIES", *text, "a whole number from 1 to 100");
    }
    if (const auto* text = environment("AUTOHEAL_LEDGER")) {
      if (text->empty()) junk("AUTOHEAL_LEDGER", *text, "a path");
      result_.ledger = std::filesystem::absolute(*text).lexically_normal().string();
    }
  }

  const LoadPorts& ports_;
  Configuration result_;
  std::vector<Problem> problems_;
  ReadContext context_;
  std::deque<Node> trees_;  // addresses stay
  std::vector<std::pair<std::string, const Node*>> engine_nodes_;
  std::optional<Duration> retry_delay_;  // of the environment: over every file
  std::optional<unsigned> max_retries_;
  std::string canonical_;
};

}  // namespace

std::expected<Configuration, std::vector<Problem>> load(const std::string& file, const LoadPorts& ports) {
  return Loader(file, ports).load();
}

std::expected<Configuration, std::vector<Problem>> load_uploaded(const UploadedText& uploaded) {
  const LoadPorts no_ports{};
  return Loader(uploaded.file, no_ports).load_text(uploaded);
}

}  // namespace autoheal::config
