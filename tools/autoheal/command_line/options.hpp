// What the command line said, as values: parsed in one place, read by the commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/autoheal/output/output_format.hpp"

namespace autoheal::cli {

struct Options {
  std::string command;      // "heal", "baseline adopt", ...
  std::string config_file;  // empty: the usual places
  OutputFormat output = OutputFormat::text;
  std::string color = "auto";
  std::string reason;

  std::string engine;                // heal, baseline
  std::vector<std::string> engines;  // selftest --engine
  std::string heal;                  // show, cancel, rollback
  std::optional<bool> heals;         // selftest --heal / --no-heal
  std::string test_result_file;
  std::optional<std::string> error;
  bool dry_run = false;
  bool all_engines = false;  // hold, unhold, reset --all
  std::string hold_for;      // hold --for

  bool markdown = false;  // config help --markdown

  std::string folder;  // baseline manifest
  std::string manifest = "MANIFEST.sha256";
  std::vector<std::string> ignore;

  bool nginx = false;  // init
  std::vector<std::string> units, folders, baselines;

  bool all_heals = false;                           // replay --all
  bool step = false;                                // replay --step
  std::string at;                                   // replay --at
  std::vector<std::string> what_if;                 // replay --what-if
  std::string with_config;                          // replay --with
  std::string export_file, import_file, reproduce;  // replay --export, --import, --reproduce
  std::string other_heal;                           // diff

  std::string actor, type, state, strategy, since, until;  // heals, audit
  std::optional<std::uint64_t> limit, after;

  bool sign = false, accept_rollback = false;  // ledger checkpoint
  bool rotate = false;                         // ledger key
  std::optional<std::uint64_t> seq, from;      // ledger prove
  std::string format = "tlog-proof", out;
  bool leaves_hex = false;  // ledger export
  std::uint64_t since_seq = 0;
  std::string key, checkpoint, since_checkpoint;  // ledger verify
  bool blobs = false;
  bool newest = false, follow = false;  // audit
  std::string compare;                  // audit summary

  std::string evidence, report;                // show
  bool with_secrets = false;                   // show --evidence, replay --export
  std::string file;                            // ledger check, ledger archive
  std::string leaf;                            // ledger check
  std::vector<std::string> keys, checkpoints;  // ledger check; keys: replay --import, too
  std::string before;                          // ledger archive
  std::vector<std::string> archives;           // ledger export, ledger prove
};

}  // namespace autoheal::cli
