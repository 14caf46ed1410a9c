// Watches systemd's events of units, on a thread of its own: their changes, and its jobs, to notice stops by hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autoheal/workflows/service/deliberate_stop.hpp"
#include "tools/host/service/own_orders.hpp"

namespace autoheal::host {

class StopWatch {
 public:
  // Called on the watch's thread after each job of a watched unit: its state now. The name is as given.
  using Told = std::function<void(const std::string& unit, const workflows::StopJudgement& judgement)>;

  // Called there, too: the unit has become active, inactive or something in between.
  using Changed = std::function<void(const std::string& unit)>;

  // Called there, too: systemd has been reached, for the first time or again, and its jobs are seen from now on.
  using Listens = std::function<void()>;

  // Never blocks. If systemd cannot be reached, there are no events and it is tried again; what happened meanwhile is
  // not known, and no stop of that time counts as one by hand. `own_orders` outlives it.
  StopWatch(std::vector<std::string> units, Told told, const OwnOrders* own_orders = nullptr, Changed changed = {},
            Listens listens = {});
  // Waits for a call of these to end.
  ~StopWatch();
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

 private:
  class Watching;
  std::unique_ptr<Watching> watching_;
};

}  // namespace autoheal::host
