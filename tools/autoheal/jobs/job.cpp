#include "tools/autoheal/jobs/job.hpp"

#include "autoheal/engine/base/json_writer.hpp"
#include "tools/autoheal/protocol/error_words.hpp"

namespace autoheal::cli {

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      break;
  }
  return "cancelled";
}

std::string to_json(const Job& job, bool with_result) {
  JsonWriter out;
  out.begin_object().field("job", job.id).field("operation", job.wish.operation);
  out.field("principal", job.wish.principal).field("state", name_of(job.state));
  out.field("asked_at", format_timestamp(job.asked_at));
  if (job.began_at) out.field("began_at", format_timestamp(*job.began_at));
  if (job.ended_at) out.field("ended_at", format_timestamp(*job.ended_at));
  out.key("progress").begin_object().field("done", job.done).field("all", job.all).end_object();
  if (job.exit_code) out.field("exit_code", *job.exit_code);
  if (job.error) {
    out.key("error").begin_object().field("code", word_of(job.error->kind)).field("message", job.error->message);
    out.optional_field("hint", job.error->hint).end_object();
  }
  if (with_result && !job.result.empty()) out.key("result").raw(job.result);
  return out.end_object().take();
}

}  // namespace autoheal::cli
