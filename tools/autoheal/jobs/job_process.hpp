// One job as a process: the program itself, of least priority, which ends when the daemon does, however that ends.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "tools/autoheal/configuration/loaded_configuration.hpp"
#include "tools/autoheal/jobs/job_list.hpp"

namespace autoheal::cli {

struct JobSetting {
  std::string program;  // the running autoheal, as an absolute path
  std::string file;     // the configuration
  std::string ledger;
  std::map<std::string, std::string> environment;  // AUTOHEAL_* as the daemon was given it
};

struct JobLimits {
  Duration time = std::chrono::hours(1);
  std::size_t output_bytes = 16U << 20U;
};

struct JobWatch {
  std::function<void(std::uint64_t done, std::uint64_t all)> progressed;
  std::function<bool()> is_unwanted;  // asked about ten times a second; true: it is killed
};

// Names the principal for whom a job's process acts. Only heeded by a process of root or of the ledger's owner, who
// could read the ledger anyway.
inline constexpr const char* job_principal_variable = "AUTOHEAL_JOB_PRINCIPAL";

// For whom this process acts, if it is a job's.
[[nodiscard]] std::optional<workflows::Principal> principal_of_job(const LoadedConfiguration& configuration);

// Blocks until it has ended. On the thread whose end ends it.
[[nodiscard]] JobEnd run_job(const JobWish& wish, const JobSetting& setting, const JobWatch& watch,
                             const JobLimits& limits = {});

}  // namespace autoheal::cli
