#include "tools/autoheal/healer/kept_images.hpp"

#include <fmt/core.h>

#include "tools/host/change/settled_images.hpp"

namespace autoheal::cli {

boost::asio::awaitable<bool> KeptImages::settle() {
  const auto left = co_await leftovers_.settle_again();
  bool waits = false;
  for (const LeftByHeal& one : left) {
    for (const std::string& kept : one.kept) {
      waits = waits || host::waits_for_a_writer(kept);
      if (told_.insert(host::without_names(kept)).second)
        tell_(fmt::format("{}: heal {} left {}", one.engine, one.heal, kept));
    }
  }
  co_return waits;
}

}  // namespace autoheal::cli
