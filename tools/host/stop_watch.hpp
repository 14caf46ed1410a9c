// Watches systemd's jobs for units that somebody stops by hand, on a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/host/own_orders.hpp"
#include "workflows/deliberate_stop.hpp"

namespace autoheal::host {

class StopWatch {
 public:
  // Called on the watch's thread after each job of a watched unit: how it stands with it now. The name is as given.
  using Told = std::function<void(const std::string& unit, const workflows::StopJudgement& judgement)>;

  // Never blocks. Where systemd is not reached, nothing is told and it is tried again; what happened meanwhile is not
  // known, and no stop of that time counts as one by hand. `own_orders` outlives it.
  StopWatch(std::vector<std::string> units, Told told, const OwnOrders* own_orders = nullptr);
  // Waits for a call of `told` to end.
  ~StopWatch();
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

  [[nodiscard]] bool listens() const;  // it has reached systemd, and sees jobs from now on

 private:
  class Watching;
  std::unique_ptr<Watching> watching_;
};

}  // namespace autoheal::host
