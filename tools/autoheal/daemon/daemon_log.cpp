#include "tools/autoheal/daemon/daemon_log.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>
#include <vector>

#include "autoheal/engine/base/plural.hpp"
#include "tools/autoheal/output/printable.hpp"

namespace autoheal::cli {

namespace {

constexpr std::size_t longest_message_bytes = 32U * 1024;  // a datagram holds several times as much
constexpr std::string_view warning_prefix = "warning: ";

// syslog(3)
constexpr std::string_view priority_error = "3", priority_warning = "4", priority_notice = "5", priority_info = "6";

struct KindFacts {
  NoteKind kind;
  std::string_view message_id;
  std::string_view priority;
};
// In the order of NoteKind. Never change an id: people's filters hold them (docs/operating.md lists them).
constexpr std::array<KindFacts, 10> kinds = {{
    {NoteKind::other, "d50d4ed3561b53b2964ec4c712154dc6", priority_info},
    {NoteKind::warning, "173a6137cf06c20483450af8c93b9807", priority_warning},
    {NoteKind::began, "d416016d6bcf798cd72f8c73e5f62d05", priority_info},
    {NoteKind::ended, "439aa482fd5fbe1ca62ae75c934917cf", priority_info},
    {NoteKind::configuration_read, "b29551f901fa5e3437e7a197539b8003", priority_info},
    {NoteKind::configuration_refused, "13374ec9f2891cf15237fb2d91c43f50", priority_error},
    {NoteKind::tested, "edc31154d8915727834ce1d5ea901e14", priority_info},
    {NoteKind::not_healed, "da540863c5cf7f99de6e51af81ebe72e", priority_warning},
    {NoteKind::heal_certified, "6f623d75da8337276de08d4f281bd403", priority_notice},
    {NoteKind::heal_failed, "f691409d529458f70e96d0c0583afed3", priority_error},
}};

const KindFacts& facts_of(NoteKind kind) { return kinds.at(static_cast<std::size_t>(kind)); }

std::string_view priority_of(const NoteAbout& about) {
  const bool fails = about.kind == NoteKind::tested && about.state != "passed";
  return fails ? priority_warning : facts_of(about.kind).priority;
}

// Without what steers a terminal; cut between two characters.
std::string message_of(std::string_view sentence) {
  std::string message = printable(sentence, true);
  if (message.size() <= longest_message_bytes) return message;
  std::size_t end = longest_message_bytes;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;
  return fmt::format("{}\n… ({} bytes more are not logged)", message.substr(0, end), message.size() - end);
}

// On stderr a record begins at the margin with its time; nothing that others wrote stands there.
std::string indented(const std::string& message) {
  std::string out;
  for (const char c : message) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out;
}

}  // namespace

std::string_view message_id_of(NoteKind kind) { return facts_of(kind).message_id; }

void DaemonLog::tell(std::string_view sentence, const NoteAbout& about) {
  NoteAbout known = about;
  if (known.kind == NoteKind::other && sentence.starts_with(warning_prefix)) known.kind = NoteKind::warning;
  const std::string message = message_of(sentence);
  const std::lock_guard lock(mutex_);
  const Sent sent = journal_ ? to_journal(message, known) : Sent::nobody;
  if (sent == Sent::nobody) to_stderr(message);
  if (sent == Sent::busy) ++lost_;  // its stream would have us wait
}

std::string DaemonLog::loss() const {
  return fmt::format("warning: {} before this one got lost: nobody took {}; the ledger has all that counts",
                     plural(lost_, "record"), lost_ == 1 ? "it" : "them");
}

DaemonLog::Sent DaemonLog::to_journal(const std::string& message, const NoteAbout& about) {
  const auto send = [&](const std::string& text, const NoteAbout& facts) {
    const std::string attempt = std::to_string(facts.attempt);
    std::vector<host::JournalField> fields = {{"MESSAGE", text},
                                              {"PRIORITY", priority_of(facts)},
                                              {"MESSAGE_ID", message_id_of(facts.kind)},
                                              {"SYSLOG_IDENTIFIER", "autoheal"}};
    if (!facts.engine.empty()) fields.push_back({"AUTOHEAL_ENGINE", facts.engine});
    if (!facts.heal.empty()) fields.push_back({"AUTOHEAL_HEAL_ID", facts.heal});
    if (!facts.state.empty()) fields.push_back({"AUTOHEAL_STATE", facts.state});
    if (facts.attempt > 0) fields.push_back({"AUTOHEAL_ATTEMPT", attempt});
    return journal_->send(host::journal_datagram(fields));
  };
  if (lost_ > 0 && send(loss(), {.kind = NoteKind::warning})) lost_ = 0;
  const auto sent = send(message, about);
  if (sent) {
    journal_is_gone_.clear();
    return Sent::taken;
  }
  if (sent.error().kind == ErrorKind::busy) return Sent::busy;
  if (journal_is_gone_.empty())
    to_stderr(fmt::format("warning: the journal takes no records, and stderr gets them: {}", sent.error().message));
  journal_is_gone_ = sent.error().message;
  return Sent::nobody;
}

void DaemonLog::to_stderr(const std::string& message) {
  const std::string time = format_timestamp_ms(clock_.now());
  if (lost_ > 0) {
    const std::string lines = fmt::format("{}{}  {}", line_may_be_cut_ ? "\n" : "", time, loss());
    if (write_line_(lines)) {
      lost_ = 0;
      line_may_be_cut_ = false;
    }
  }
  if (write_line_(fmt::format("{}  {}", time, indented(message)))) return;
  ++lost_;
  line_may_be_cut_ = true;
}

}  // namespace autoheal::cli
