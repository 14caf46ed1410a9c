#include "tools/autoheal/report/heal_page.hpp"

#include <algorithm>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/store/format/strict_text.hpp"
#include "autoheal/workflows/plan/strategy.hpp"
#include "tools/autoheal/output/heal_text.hpp"
#include "tools/autoheal/output/version.hpp"
#include "tools/autoheal/report/html_text.hpp"

namespace autoheal::cli {

namespace {

using namespace workflows;  // the words of a heal's entries stand on every line here

class HealPageWriter {
 public:
  explicit HealPageWriter(const HealPage& page) : page_(page) {}

  std::string write() {
    head();
    out_ += "<main>";
    title();
    timeline();
    changes();
    evidence();
    proof();
    out_ += "<footer>Written by autoheal " + std::string(version) +
            ". This page is for reading; the ledger is the record.</footer></main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  // A text of the heal: without secrets and without effect on the page.
  std::string text(std::string_view words) const { return html(page_.mask(words)); }

  void head() {
    const std::string style(style_of_page());
    const std::string hash = store::to_base64(store::view_of(sha256(style)));
    out_ +=
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-" +
        hash +
        "'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>" +
        text(page_.state.engine) + ", " + state_word() + ", heal " + html(page_.heal.substr(0, 13)) +
        "</title>\n<style>" + style + "</style>\n</head>\n<body>\n";
  }

  std::string state_word() const { return std::string(name_of(page_.state.phase)); }

  std::string badge() const {
    switch (page_.state.phase) {
      case Phase::complete:
        return "<span class=\"badge good\">✓ Complete: repaired and certified</span>";
      case Phase::exhausted:
        return "<span class=\"badge bad\">✗ Exhausted: not healed</span>";
      default:
        return "<span class=\"badge work\">◌ " + state_word() + ": still open</span>";
    }
  }

  void fact(const std::string& name, const std::string& escaped) {
    if (!escaped.empty()) out_ += "<dt>" + name + "</dt><dd>" + escaped + "</dd>";
  }

  void title() {
    const HealState& state = page_.state;
    const By& by = state.by;
    out_ += "<header><p class=\"eyebrow\">Heal report</p><h1>" + text(state.engine) + "</h1>" + badge() +
            "</header>\n<section class=\"card\" aria-label=\"In short\"><dl>";
    fact("Why", text(state.error));
    fact("Asked by", text(by.principal) + (by.role.empty() ? "" : ", " + text(by.role)) +
                         (by.via.empty() ? "" : ", through " + text(by.via)) + ", uid " + std::to_string(by.uid) +
                         (by.loginuid ? " (logged in as uid " + std::to_string(*by.loginuid) + ")" : ""));
    fact("Reason given", text(by.reason));
    fact("Began", "<time>" + format_timestamp_ms(state.began) + "</time>");
    fact("Took", seconds_text(page_.entries.back().line.since_began) + " in " + plural(state.attempt, "attempt") +
                     " of at most " + std::to_string(state.max_retries));
    fact("Strategy", std::string(name_of(state.strategy)));
    if (state.phase == Phase::exhausted)
      fact("Ended", std::string(name_of(state.end_reason)) + ", " + text(state.last_problem));
    fact("Heal", "<code>" + html(page_.heal) + "</code>");
    fact("Ledger", "<code>" + html(page_.ledger_id) + "</code>");
    out_ += "</dl></section>\n";
  }

  void list(const std::vector<std::string>& lines, const std::string& look = "") {
    if (lines.empty()) return;
    out_ += look.empty() ? "<ul>" : "<ul class=\"" + look + "\">";
    for (const std::string& line : lines) out_ += "<li>" + text(line) + "</li>";
    out_ += "</ul>";
  }

  void timeline() {
    out_ += "<section><h2>What happened</h2>\n<div class=\"card chart\">" + chart_of(page_) +
            "<div class=\"legend\" aria-hidden=\"true\"><span>○ a step</span><span>◆ certified, complete</span>"
            "<span>✕ refused, failed</span></div></div>\n"
            "<table><thead><tr><th scope=\"col\" class=\"num\">After</th><th scope=\"col\" class=\"num\">Entry</th>"
            "<th scope=\"col\">What</th></tr></thead><tbody>";
    unsigned lane = 0;
    for (const PageEntry& entry : page_.entries) {
      if (entry.attempt != lane) {
        lane = entry.attempt;
        out_ +=
            "<tr class=\"lane\"><th scope=\"rowgroup\" colspan=\"3\">Attempt " + std::to_string(lane) + "</th></tr>";
      }
      out_ += "<tr><td class=\"num quiet\">" + seconds_text(entry.line.since_began) + "</td><td class=\"num quiet\">" +
              std::to_string(entry.line.entry.position.value) + "</td><td>" + text(entry.line.sentence);
      list(entry.line.details);
      out_ += "</td></tr>\n";
    }
    out_ += "</tbody></table></section>\n";
  }

  void diff(const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    const bool is_diff = std::ranges::any_of(
        lines, [](const std::string& line) { return line.starts_with("+ ") || line.starts_with("- "); });
    if (!is_diff) {
      for (const std::string& line : lines) out_ += "<p class=\"quiet\">" + text(line) + "</p>";
      return;
    }
    // One text, so that a secret over several lines is found.
    std::string whole;
    for (const std::string& line : lines) whole += line + "\n";
    const std::string shown = text(whole);
    out_ += "<pre class=\"diff\">";
    for (std::size_t at = 0; at < shown.size();) {
      const std::size_t end = std::min(shown.find('\n', at), shown.size());
      const std::string line = shown.substr(at, end - at);
      out_ += line.starts_with("+ ")   ? "<span class=\"add\">"
              : line.starts_with("- ") ? "<span class=\"del\">"
                                       : "<span>";
      out_ += line + "</span>";
      at = end + 1;
    }
    out_ += "</pre>";
  }

  void changes() {
    out_ += "<section><h2>What changed</h2>\n";
    if (page_.changes.empty()) out_ += "<p class=\"quiet\">Nothing: no plan had anything to change.</p>";
    for (const PageChange& change : page_.changes) {
      out_ += "<div class=\"card\"><p><strong>" + text(change.line) + "</strong></p><p class=\"quiet\">Attempt " +
              std::to_string(change.attempt) + ": " + text(change.outcome) + "</p>";
      diff(change.diff);
      out_ += "</div>\n";
    }
    out_ += "</section>\n";
  }

  // A criterion and what was looked at for it; `refused` are Truth's reasons against it.
  void criterion(const std::string& name, const std::string& word, std::vector<std::string> seen,
                 const std::vector<Refusal>& refusals) {
    std::vector<std::string> refused;
    for (const Refusal& refusal : refusals) {
      if (refusal.criterion == word) refused.push_back(refusal.reason);
    }
    if (seen.empty()) seen.emplace_back("nothing was looked at");
    out_ += "<tr><th scope=\"row\">" + name + "</th><td>" +
            (refused.empty() ? "<span class=\"good\">✓ holds</span>" : "<span class=\"bad\">✗ refused</span>");
    list(refused);
    out_ += "</td><td>";
    list(seen, "plain");
    out_ += "</td></tr>\n";
  }

  static std::vector<std::string> hashes_of(const Evidence& seen) {
    std::vector<std::string> lines;
    for (const HashFinding& hash : seen.hashes)
      lines.push_back(hash.path + ": " + (hash.digest.empty() ? "missing" : hash.digest));
    for (const auto& [link, release] : seen.releases)
      lines.push_back("release " + release.name + (release.whole ? " is whole" : " is not whole: " + release.message));
    return lines;
  }

  static std::vector<std::string> tests_of(const Evidence& seen) {
    std::vector<std::string> lines;
    for (const ProbeResult& probe : seen.probes)
      lines.push_back("self-test " + probe.name +
                      (probe.verdict == ProbeVerdict::pass ? " passes" : " does not pass: " + probe.message));
    for (const TestResult& test : seen.tests) {
      lines.push_back(test.name + (test.passed ? " passes" : " fails: " + test.message) + ", " +
                      seconds_text(test.took) +
                      (test.program_sha256.empty() ? "" : ", program " + replay::short_digest(test.program_sha256)));
    }
    return lines;
  }

  static std::vector<std::string> security_of(const Evidence& seen) {
    std::vector<std::string> lines;
    for (const std::string& path : seen.scanned) lines.push_back("looked at " + path);
    for (const SecurityFinding& finding : seen.findings) lines.push_back(finding.path + ": " + finding.message);
    if (seen.findings.empty()) lines.emplace_back("no violation");
    return lines;
  }

  static std::vector<std::string> rights_of(const Evidence& seen) {
    std::vector<std::string> lines;
    for (const AuthorizedChange& change : seen.authorized)
      lines.push_back("change " + std::to_string(change.number) +
                      (change.allowed ? ": allowed to " : ": not allowed to ") + change.principal + ", " + change.role);
    if (lines.empty()) lines.emplace_back("nothing was changed");
    return lines;
  }

  void verdict(unsigned attempt, const std::string& words, const Evidence& seen, const std::vector<Refusal>& refusals) {
    out_ += "<h3>Attempt " + std::to_string(attempt) + ": " + words +
            "</h3>\n<table><thead><tr><th scope=\"col\">Criterion</th><th scope=\"col\">Verdict</th>"
            "<th scope=\"col\">What was seen</th></tr></thead><tbody>";
    criterion("Module hashes", "module_hashes", hashes_of(seen), refusals);
    criterion("Test matrix", "test_matrix", tests_of(seen), refusals);
    criterion("Security", "security", security_of(seen), refusals);
    criterion("Who may", "rbac", rights_of(seen), refusals);
    out_ += "</tbody></table>";
    if (!seen.problem.empty()) out_ += "<p class=\"bad\">Evidence is incomplete: " + text(seen.problem) + "</p>";
  }

  void evidence() {
    out_ +=
        "<section><h2>What proves it</h2>\n<p>A repair stays only if Truth certifies it by all four criteria; else "
        "it is rolled back.</p>";
    bool any = false;
    for (const PageEntry& entry : page_.entries) {
      if (const auto* certified = std::get_if<Certified>(&entry.said)) {
        verdict(entry.attempt, "<span class=\"good\">✓ certified</span>", certified->evidence, {});
        out_ += "<p class=\"quiet\">Certified by autoheal " + text(certified->program_version) +
                ", configuration <code>" + text(certified->configuration) + "</code>, plan <code>" +
                text(certified->plan_digest) + "</code></p>";
        any = true;
      }
      if (const auto* refused = std::get_if<CertificationRefused>(&entry.said)) {
        verdict(entry.attempt, "<span class=\"bad\">✗ refused</span>", refused->evidence, refused->refusals);
        any = true;
      }
    }
    if (!any) out_ += "<p class=\"quiet\">No attempt came as far as certification.</p>";
    out_ += "</section>\n";
  }

  void proof() {
    const std::string first = std::to_string(page_.entries.front().line.entry.position.value),
                      last = std::to_string(page_.entries.back().line.entry.position.value);
    out_ += "<section><h2>How to check it</h2>\n<p>The record is entries " + first + " to " + last +
            " of an append-only ledger. Nobody can change one of them unnoticed: they are leaves of a Merkle tree, and "
            "its root is signed. This page itself proves nothing.</p>";
    if (page_.checkpoint.empty()) {
      out_ +=
          "<p class=\"bad\">No signed checkpoint covers all of this heal yet. <code>autoheal ledger checkpoint "
          "--sign</code> makes one.</p></section>\n";
      return;
    }
    out_ +=
        "<p>Whoever has the ledger takes the evidence out of it:</p><pre>autoheal show " + html(page_.heal) +
        " --evidence heal.tar.gz</pre><p>Anybody checks it, on any machine and without the ledger, with the key got "
        "by a way that they trust:</p><pre>autoheal ledger check heal.tar.gz --key '" +
        html(page_.key) + "'</pre><h3>The checkpoint that signs it</h3><pre>" + html(page_.checkpoint) +
        "</pre><p class=\"quiet\">Time stamps are the clock of the host, and what the host says of itself is its "
        "claim: the signature proves that neither has changed since.</p></section>\n";
  }

  const HealPage& page_;
  std::string out_;
};

}  // namespace

std::string html_of(const HealPage& page) { return HealPageWriter(page).write(); }

}  // namespace autoheal::cli
