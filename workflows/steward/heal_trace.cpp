#include "autoheal/workflows/steward/heal_trace.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "autoheal/engine/base/digest.hpp"
#include "autoheal/engine/base/entry_json.hpp"
#include "autoheal/engine/base/ids.hpp"
#include "autoheal/engine/base/json_writer.hpp"

namespace autoheal::workflows {

namespace {

using engine::Entry;

constexpr std::size_t span_digits = 16;
// "00-" trace "-" span "-" flags
constexpr std::size_t trace_at = 3, trace_digits = 32, span_at = trace_at + trace_digits + 1,
                      flags_at = span_at + span_digits + 1, traceparent_size = flags_at + 2;

// The entries that begin and end a step; it fails where it ends with one of the others.
struct TraceStep {
  std::string_view name, begins, ends_well;
  std::array<std::string_view, 2> fails = {};
};
constexpr std::array steps = {
    TraceStep{"repair", "heal.repair_started", "heal.repair_finished", {"heal.plan_refused", "heal.repair_failed"}},
    TraceStep{"certify", "heal.certification_started", "heal.certified", {"heal.certification_refused"}},
    TraceStep{"rollback", "heal.rollback_started", "heal.rolled_back"},
    TraceStep{"wait", "heal.retry_scheduled", "heal.repair_started"},
};

struct Span {
  std::string name;
  std::string id, parent;
  const Entry* first = nullptr;
  const Entry* last = nullptr;
  bool failed = false;
};

bool is_number(std::string_view digits) {
  return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool is_id(std::string_view digits) {
  return is_number(digits) && digits.find_first_not_of('0') != std::string_view::npos;
}

std::string trace_of(std::string_view heal, std::string_view context) {
  if (!context.empty()) return std::string(context.substr(trace_at, trace_digits));
  std::string digits(heal);
  std::erase(digits, '-');
  return digits;
}

std::string span_id(std::string_view heal, std::uint64_t version) {
  return to_hex(sha256(fmt::format("{}/{}", heal, version))).substr(0, span_digits);
}

std::string nanoseconds(Timestamp time) { return std::to_string(time.time_since_epoch().count()) + "000"; }

bool is_failure_of(const TraceStep& step, std::string_view type) {
  return std::ranges::find(step.fails, type) != step.fails.end();
}

// One that is not ended, since its process died, ends with the heal.
Span span_of(const TraceStep& step, const std::vector<Entry>& heal, std::size_t from, const std::string& root) {
  const Entry& first = heal[from];
  Span span{std::string(step.name), span_id(first.stream, first.version), root, &first, &heal.back(), true};
  for (std::size_t at = from + 1; at < heal.size(); ++at) {
    const bool well = heal[at].type == step.ends_well;
    if (!well && !is_failure_of(step, heal[at].type)) continue;
    span.last = &heal[at];
    span.failed = !well;
    break;
  }
  return span;
}

void write_text(JsonWriter& out, std::string_view key, std::string_view text) {
  out.begin_object().field("key", key).key("value").begin_object().field("stringValue", text).end_object().end_object();
}

void write_span(JsonWriter& out, const Span& span, std::string_view trace) {
  const Entry& first = *span.first;
  out.begin_object().field("traceId", trace).field("spanId", span.id);
  if (!span.parent.empty()) out.field("parentSpanId", span.parent);
  out.field("name", span.name).field("kind", 1);
  out.field("startTimeUnixNano", nanoseconds(first.time));
  out.field("endTimeUnixNano", nanoseconds(std::max(first.time, span.last->time)));
  out.key("attributes").begin_array();
  write_text(out, "autoheal.engine", first.subject);
  write_text(out, "autoheal.heal", first.stream);
  write_text(out, "autoheal.ended_by", span.last->type);
  out.end_array();
  out.key("status").begin_object().field("code", span.failed ? 2 : 1).end_object().end_object();
}

}  // namespace

bool is_traceparent(std::string_view text) {
  return text.size() == traceparent_size && text.starts_with("00-") && text[span_at - 1] == '-' &&
         text[flags_at - 1] == '-' && is_id(text.substr(trace_at, trace_digits)) &&
         is_id(text.substr(span_at, span_digits)) && is_number(text.substr(flags_at));
}

std::string context_of(std::string_view data) {
  try {
    const EntryJsonDocument document(data);
    const auto by = document.root().find("by");
    std::string context = by ? by->value("traceparent", std::string()) : std::string();
    return is_traceparent(context) ? context : std::string();
  } catch (const std::invalid_argument&) {
    return {};
  }
}

std::string traceparent_of(std::string_view heal, std::string_view context) {
  if (!parse_uuid(heal)) return {};
  return fmt::format("00-{}-{}-01", trace_of(heal, context), span_id(heal, 1));
}

std::string heal_trace(const std::vector<Entry>& heal, std::string_view ledger, std::string_view context) {
  if (heal.empty()) return {};
  const std::string trace = trace_of(heal.front().stream, context);
  const Entry& first = heal.front();
  const bool completed = std::ranges::any_of(heal, [](const Entry& one) { return one.type == "heal.completed"; });
  // The note of kept files comes after its end, and is none of its time.
  const auto end = std::ranges::find_if(
      heal, [](const Entry& one) { return one.type == "heal.completed" || one.type == "heal.exhausted"; });
  const Span whole{"heal " + first.subject,
                   span_id(first.stream, 1),
                   context.empty() ? std::string() : std::string(context.substr(span_at, span_digits)),
                   &first,
                   end == heal.end() ? &heal.back() : &*end,
                   !completed};
  JsonWriter out;
  out.begin_object().key("resourceSpans").begin_array().begin_object();
  out.key("resource").begin_object().key("attributes").begin_array();
  write_text(out, "service.name", "autoheal");
  write_text(out, "autoheal.ledger", ledger);
  out.end_array().end_object();
  out.key("scopeSpans").begin_array().begin_object().key("scope").begin_object().field("name", "autoheal").end_object();
  out.key("spans").begin_array();
  write_span(out, whole, trace);
  for (std::size_t at = 0; at < heal.size(); ++at) {
    for (const TraceStep& step : steps) {
      if (heal[at].type == step.begins) write_span(out, span_of(step, heal, at, whole.id), trace);
    }
  }
  return out.end_array().end_object().end_array().end_object().end_array().end_object().take();
}

}  // namespace autoheal::workflows
