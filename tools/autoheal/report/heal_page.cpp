#include "tools/autoheal/report/heal_page.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/plural.hpp"
#include "autoheal/replay/text/plan_text.hpp"
#include "autoheal/store/format/canonical_text.hpp"
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
    out_ += fmt::format(
        "<footer>Written by autoheal {}. This page is for reading; the ledger is the record.</footer></main>\n"
        "</body>\n"
        "</html>\n",
        version);
    return std::move(out_);
  }

 private:
  // A text of the heal: without secrets and without effect on the page.
  std::string text(std::string_view words) const { return html(page_.mask(words)); }

  void head() {
    const std::string style(style_of_page());
    const std::string hash = store::to_base64(store::view_of(sha256(style)));
    out_ += fmt::format(
        "<!doctype html>\n"
        "<html lang=\"en\">\n"
        "<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; base-uri "
        "'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<title>{}, {}, heal {}</title>\n"
        "<style>{}</style>\n"
        "</head>\n"
        "<body>\n",
        hash, text(page_.state.request->engine), state_word(), html(page_.heal.substr(0, 13)), style);
  }

  std::string state_word() const { return std::string(name_of(page_.state.phase())); }

  std::string badge() const {
    switch (page_.state.phase()) {
      case Phase::complete:
        return "<span class=\"badge good\">✓ Complete: repaired and certified</span>";
      case Phase::exhausted:
        return "<span class=\"badge bad\">✗ Exhausted: not healed</span>";
      default:
        return fmt::format("<span class=\"badge work\">◌ {}: still open</span>", state_word());
    }
  }

  void fact(const std::string& name, const std::string& escaped) {
    if (!escaped.empty()) out_ += fmt::format("<dt>{}</dt><dd>{}</dd>", name, escaped);
  }

  void title() {
    const HealState& state = page_.state;
    const HealRequest& request = *state.request;
    const By& by = request.by;
    out_ += fmt::format(
        "<header><p class=\"eyebrow\">Heal report</p><h1>{}</h1>{}</header>\n"
        "<section class=\"card\" aria-label=\"In short\"><dl>",
        text(request.engine), badge());
    fact("Why", text(request.error));
    fact("Asked by", fmt::format("{}{}{}, uid {}{}", text(by.principal), by.role.empty() ? "" : ", " + text(by.role),
                                 by.via.empty() ? "" : ", through " + text(by.via), by.uid,
                                 by.loginuid ? fmt::format(" (logged in as uid {})", *by.loginuid) : ""));
    fact("Reason given", text(by.reason));
    fact("Began", fmt::format("<time>{}</time>", format_timestamp_ms(request.began)));
    fact("Took", fmt::format("{} in {} of at most {}", seconds_text(page_.entries.back().line.since_began),
                             plural(state.attempt_number(), "attempt"), request.max_retries));
    fact("Strategy", std::string(name_of(request.strategy)));
    if (const phases::EndedExhausted* end = state.exhausted())
      fact("Ended", std::string(name_of(end->reason)) + ", " + text(state.so_far.last_problem));
    fact("Heal", fmt::format("<code>{}</code>", html(page_.heal)));
    fact("Ledger", fmt::format("<code>{}</code>", html(page_.ledger_id)));
    out_ += "</dl></section>\n";
  }

  void list(const std::vector<std::string>& lines, const std::string& look = "") {
    if (lines.empty()) return;
    out_ += look.empty() ? "<ul>" : fmt::format("<ul class=\"{}\">", look);
    for (const std::string& line : lines) out_ += fmt::format("<li>{}</li>", text(line));
    out_ += "</ul>";
  }

  void timeline() {
    out_ += fmt::format(
        "<section><h2>What happened</h2>\n"
        "<div class=\"card chart\">{}<div class=\"legend\" aria-hidden=\"true\"><span>○ a step</span><span>◆ "
        "certified, complete</span>"
        "<span>✕ refused, failed</span></div></div>\n"
        "<table><thead><tr><th scope=\"col\" class=\"num\">After</th><th scope=\"col\" class=\"num\">Entry</th>"
        "<th scope=\"col\">What</th></tr></thead><tbody>",
        chart_of(page_));
    unsigned lane = 0;
    for (const PageEntry& entry : page_.entries) {
      if (entry.attempt != lane) {
        lane = entry.attempt;
        out_ += fmt::format("<tr class=\"lane\"><th scope=\"rowgroup\" colspan=\"3\">Attempt {}</th></tr>", lane);
      }
      out_ +=
          fmt::format("<tr><td class=\"num quiet\">{}</td><td class=\"num quiet\">{}</td><td>{}",
                      seconds_text(entry.line.since_began), entry.line.entry.position.value, text(entry.line.sentence));
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
      for (const std::string& line : lines) out_ += fmt::format("<p class=\"quiet\">{}</p>", text(line));
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
      out_ += fmt::format("<div class=\"card\"><p><strong>{}</strong></p><p class=\"quiet\">Attempt {}: {}</p>",
                          text(change.line), change.attempt, text(change.outcome));
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
    out_ +=
        fmt::format("<tr><th scope=\"row\">{}</th><td>{}", name,
                    refused.empty() ? "<span class=\"good\">✓ holds</span>" : "<span class=\"bad\">✗ refused</span>");
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
      lines.push_back(
          fmt::format("release {}{}", release.name, release.whole ? " is whole" : " is not whole: " + release.message));
    return lines;
  }

  static std::vector<std::string> tests_of(const Evidence& seen) {
    std::vector<std::string> lines;
    for (const ProbeResult& probe : seen.probes)
      lines.push_back(
          fmt::format("self-test {}{}", probe.name,
                      probe.verdict == ProbeVerdict::pass ? " passes" : " does not pass: " + probe.message));
    for (const TestResult& test : seen.tests) {
      lines.push_back(fmt::format(
          "{}{}, {}{}", test.name, test.passed ? " passes" : " fails: " + test.message, seconds_text(test.took),
          test.program_sha256.empty() ? "" : ", program " + replay::short_digest(test.program_sha256)));
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
      lines.push_back(fmt::format("change {}{}{}, {}", change.number,
                                  change.allowed ? ": allowed to " : ": not allowed to ", change.principal,
                                  change.role));
    if (lines.empty()) lines.emplace_back("nothing was changed");
    return lines;
  }

  void verdict(unsigned attempt, const std::string& words, const Evidence& seen, const std::vector<Refusal>& refusals) {
    out_ += fmt::format(
        "<h3>Attempt {}: {}</h3>\n"
        "<table><thead><tr><th scope=\"col\">Criterion</th><th scope=\"col\">Verdict</th>"
        "<th scope=\"col\">What was seen</th></tr></thead><tbody>",
        attempt, words);
    criterion("Module hashes", "module_hashes", hashes_of(seen), refusals);
    criterion("Test matrix", "test_matrix", tests_of(seen), refusals);
    criterion("Security", "security", security_of(seen), refusals);
    criterion("Who may", "rbac", rights_of(seen), refusals);
    out_ += "</tbody></table>";
    if (!seen.problem.empty())
      out_ += fmt::format("<p class=\"bad\">Evidence is incomplete: {}</p>", text(seen.problem));
  }

  void evidence() {
    out_ +=
        "<section><h2>What proves it</h2>\n<p>A repair stays only if Truth certifies it by all four criteria; else it "
        "is rolled back.</p>";
    bool any = false;
    for (const PageEntry& entry : page_.entries) {
      if (const auto* certified = std::get_if<Certified>(&entry.said)) {
        verdict(entry.attempt, "<span class=\"good\">✓ certified</span>", certified->evidence, {});
        out_ += fmt::format(
            "<p class=\"quiet\">Certified by autoheal {}, configuration <code>{}</code>, plan <code>{}</code></p>",
            text(certified->program_version), text(certified->configuration), text(certified->plan_digest));
        any = true;
      }
      if (const auto* refused = std::get_if<CertificationRefused>(&entry.said)) {
        verdict(entry.attempt, "<span class=\"bad\">✗ refused</span>", refused->evidence, refused->refusals);
        any = true;
      }
    }
    if (!any) out_ += "<p class=\"quiet\">No attempt reached certification.</p>";
    out_ += "</section>\n";
  }

  void proof() {
    out_ += fmt::format(
        "<section><h2>How to check it</h2>\n"
        "<p>The record is entries {} to {} of an append-only ledger. Nobody can change one of them unnoticed: they are "
        "leaves of a Merkle tree, and its root is signed. This page itself proves nothing.</p>",
        page_.entries.front().line.entry.position.value, page_.entries.back().line.entry.position.value);
    if (page_.checkpoint.empty()) {
      out_ +=
          "<p class=\"bad\">No signed checkpoint covers all of this heal yet. <code>autoheal ledger checkpoint "
          "--sign</code> makes one.</p></section>\n";
      return;
    }
    out_ += fmt::format(
        "<p>The owner of the ledger extracts the evidence:</p><pre>autoheal show {} --evidence "
        "heal.tar.gz</pre><p>Anybody can check it, on any machine and without the ledger, with a key from a source "
        "that they trust:</p><pre>autoheal ledger check heal.tar.gz --key '{}'</pre><h3>The checkpoint that signs "
        "it</h3><pre>{}</pre><p class=\"quiet\">Time stamps are the clock of the host, and what the host says of "
        "itself is its claim: the signature proves that neither has changed since.</p></section>\n",
        html(page_.heal), html(page_.key), html(page_.checkpoint));
  }

  const HealPage& page_;
  std::string out_;
};

}  // namespace

std::string html_of(const HealPage& page) { return HealPageWriter(page).write(); }

}  // namespace autoheal::cli
