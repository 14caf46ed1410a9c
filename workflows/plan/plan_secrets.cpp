#include "autoheal/workflows/plan/plan_secrets.hpp"

#include <algorithm>

#include "autoheal/workflows/secrets/secret_literals.hpp"

namespace autoheal::workflows {

namespace {

constexpr std::string_view prefix = "secret:hmac-sha256:";
constexpr std::size_t hex_digits_of_name = 64;

template <class Work>
void each_text(ProgramRun& run, const Work& work) {
  for (std::size_t index = 1; index < run.argv.size(); ++index) work(run.argv[index]);
  for (auto& [name, value] : run.environment) work(value);
}

template <class Work>
void each_text(HttpCall& call, const Work& work) {
  work(call.url);
  work(call.body);
}

template <class Work>
void each_text(Act& act, const Work& work) {
  each_text(act.run, work);
  for (auto* run : {&act.undo, &act.capture, &act.stop_first}) {
    if (*run) each_text(**run, work);
  }
  for (auto* call : {&act.call, &act.undo_call}) {
    if (*call) each_text(**call, work);
  }
}

template <class Whole>
Result<void> put_back(const engine::BlobStore& blobs, Whole& whole) {
  Result<void> done;
  each_text(whole, [&](std::string& text) {
    if (!done || !stands_for_secret(text)) return;
    auto content = blobs.get(text.substr(prefix.find(':') + 1));
    if (content) {
      text = std::move(*content);
    } else {
      done = std::unexpected(std::move(content.error()));
    }
  });
  return done;
}

}  // namespace

bool stands_for_secret(std::string_view text) {
  return text.size() == prefix.size() + hex_digits_of_name && text.starts_with(prefix);
}

void hide_secrets(const EngineSpec& spec,
                  const std::function<BlobName(std::string_view content, engine::BlobNaming naming)>& name_of_content,
                  PlannedRepair& planned) {
  Plan& plan = planned.plan;
  const bool runs_something = !plan.acts.empty() || std::ranges::any_of(plan.changes, [](const Change& one) {
    return one.validate.has_value();
  });
  if (!runs_something) return;
  SecretMask mask(spec.secrets);
  for (const std::string& literal : secret_literals(spec, mask)) mask.learn(literal);
  const auto hide = [&](std::string& text) {
    if (text.empty() || stands_for_secret(text) || mask(text) == text) return;
    BlobName name = name_of_content(text, engine::BlobNaming::keyed);
    planned.new_contents.emplace(name, std::move(text));
    text = "secret:" + name;
  };
  for (Act& act : plan.acts) each_text(act, hide);
  for (Change& change : plan.changes) {
    if (change.validate) each_text(*change.validate, hide);
  }
}

Result<void> put_secrets_back(const engine::BlobStore& blobs, ProgramRun& run) { return put_back(blobs, run); }

Result<void> put_secrets_back(const engine::BlobStore& blobs, HttpCall& call) { return put_back(blobs, call); }

Result<void> put_secrets_back(const engine::BlobStore& blobs, Act& act) { return put_back(blobs, act); }

}  // namespace autoheal::workflows
