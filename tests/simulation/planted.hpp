// Bugs that the simulator can be told to plant at the edges of the real code, each of a kind that healers have had.
// A simulator that does not find them proves nothing.
#pragma once

#include <array>
#include <ostream>
#include <string_view>

namespace autoheal::simulation {

enum class Planted {
  none,
  sync_left_out,            // the log's syncs never reach the disk
  synchronous_normal,       // commits are not synced
  told_before_commit,       // a commit is acknowledged one commit early
  entry_left_out,           // the last entry of a batch of several is not written
  effect_twice,             // an act is performed twice
  repeated_after_restart,   // an act that a crash interrupted is simply done again
  rollback_forgotten,       // changes are said to be put back, and are not
  certifies_without_tests,  // the tests are said to have passed, and never ran
  one_attempt_too_many,
  timer_lost,            // after a restart no wait is ever over
  outcome_lost,          // now and then an effect's outcome never comes back
  open_heals_forgotten,  // after a restart the trigger does not know what is open
  stream_forgotten,      // recovery overlooks the newest open heal
  events_skipped,        // the bus drops an event now and then
  restart_undone,        // a restart that failed is taken back by restarting again
  dependent_cools_down,  // what an engine needs failed, and the engine itself is given a pause for it
  // in hostile lives
  lines_for_statements,    // a .env file is edited line by line: what a value has below its first line stays
  first_match_edited,      // a value is set at the first place that looks like it: in another document, map or string
  other_value_rewritten,   // an edit writes another value anew: 1.10 becomes 1.1
  zeros_accepted,          // zero bytes behind a document are taken for nothing
  judge_sees_nothing,      // an edit leaves all as it was, and is certified
  mode_repair_replaces,    // a repair of a mode makes a new file although the old one is open
  new_file_too_wide,       // a new file can be read by all
  swapped_while_open,      // content is exchanged while a program is at work on it
  displaced_dropped,       // what a program writes to a displaced file goes with it
  half_written_counts,     // a test of what is half written counts
  exception_ends_process,  // an exception in pure code ends the process
  // in lives of services
  refusals_left,     // a restart that was refused during a rollback is said to have left something in place
  no_grace,          // a failure counts at once
  crash_waits,       // a crash is taken for an end that may have been wanted
  stop_overlooked,   // nobody sees that somebody stopped a unit
  order_overlooked,  // nor that a service was stopped in order
  unknown_counts,    // a test that could not look is a failure
  acts_into_states,  // an order is given to a unit that is on its way
  refusal_forced,    // what its manager refuses is started past it
  reloads_for_ever,  // what hangs is reloaded
  failures_kept,     // a start is ordered, and failures before it are not forgotten
  number_counts,     // the self-test takes any process with a service's number for the service
  number_signalled,  // and by repairs
};

// Those that need documents, programs that write and exceptions to be found.
[[nodiscard]] constexpr bool needs_hostility(Planted bug) {
  return bug >= Planted::lines_for_statements && bug <= Planted::exception_ends_process;
}
// Those that need services that pass through states.
[[nodiscard]] constexpr bool needs_services(Planted bug) { return bug > Planted::exception_ends_process; }

struct PlantedName {
  Planted bug;
  std::string_view name;
  std::string_view complaint = {};  // words of the rule that finds it; empty: any does
};
inline void PrintTo(const PlantedName& one, std::ostream* out) { *out << one.name; }  // for gtest
inline constexpr std::array planted_names = {
    PlantedName{Planted::none, "none"},
    PlantedName{Planted::sync_left_out, "sync_left_out"},
    PlantedName{Planted::synchronous_normal, "synchronous_normal"},
    PlantedName{Planted::told_before_commit, "told_before_commit"},
    PlantedName{Planted::entry_left_out, "entry_left_out"},
    PlantedName{Planted::effect_twice, "effect_twice"},
    PlantedName{Planted::repeated_after_restart, "repeated_after_restart"},
    PlantedName{Planted::rollback_forgotten, "rollback_forgotten"},
    PlantedName{Planted::certifies_without_tests, "certifies_without_tests"},
    PlantedName{Planted::one_attempt_too_many, "one_attempt_too_many"},
    PlantedName{Planted::timer_lost, "timer_lost"},
    PlantedName{Planted::outcome_lost, "outcome_lost"},
    PlantedName{Planted::open_heals_forgotten, "open_heals_forgotten"},
    PlantedName{Planted::stream_forgotten, "stream_forgotten"},
    PlantedName{Planted::events_skipped, "events_skipped"},
    PlantedName{Planted::restart_undone, "restart_undone", "was restarted again"},
    PlantedName{Planted::dependent_cools_down, "dependent_cools_down", "no heal of its own failed"},
    PlantedName{Planted::lines_for_statements, "lines_for_statements", "but it does not work"},
    PlantedName{Planted::first_match_edited, "first_match_edited", "but it does not work"},
    PlantedName{Planted::other_value_rewritten, "other_value_rewritten", "but it does not work"},
    PlantedName{Planted::zeros_accepted, "zeros_accepted", "but it does not work"},
    PlantedName{Planted::judge_sees_nothing, "judge_sees_nothing", "but it does not work"},
    PlantedName{Planted::mode_repair_replaces, "mode_repair_replaces", "another file stands there"},
    PlantedName{Planted::new_file_too_wide, "new_file_too_wide", "wider than its baseline"},
    PlantedName{Planted::swapped_while_open, "swapped_while_open", "exchanged while a program"},
    PlantedName{Planted::displaced_dropped, "displaced_dropped", "is lost"},
    PlantedName{Planted::half_written_counts, "half_written_counts", "half-written"},
    PlantedName{Planted::exception_ends_process, "exception_ends_process", "it killed nobody"},
    PlantedName{Planted::refusals_left, "refusals_left", "nothing of it is in place"},
    PlantedName{Planted::no_grace, "no_grace", "it came back by itself"},
    PlantedName{Planted::crash_waits, "crash_waits", "its crash was not repaired at once"},
    PlantedName{Planted::stop_overlooked, "stop_overlooked", "somebody had stopped it through its manager"},
    PlantedName{Planted::order_overlooked, "order_overlooked", "somebody had stopped it in order"},
    PlantedName{Planted::unknown_counts, "unknown_counts", "nobody could look, and that counts as a failure"},
    PlantedName{Planted::acts_into_states, "acts_into_states", "was ordered while its unit was"},
    PlantedName{Planted::refusal_forced, "refusal_forced", "though its manager refuses it"},
    PlantedName{Planted::reloads_for_ever, "reloads_for_ever", "was reloaded"},
    PlantedName{Planted::failures_kept, "failures_kept", "only too many failures stood in its way"},
    PlantedName{Planted::number_counts, "number_counts", "is taken for it"},
    PlantedName{Planted::number_signalled, "number_signalled", "a process of another program was ended"},
};

}  // namespace autoheal::simulation
