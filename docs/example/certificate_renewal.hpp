// A workflow of one's own: a certificate is renewed when its time has come. It waits, orders the certificate from an
// authority by HTTP, tries again later where that is busy, and installs what it gets.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "autoheal/engine/workflow.hpp"

namespace example {

using autoheal::Duration;
using autoheal::Result;
using autoheal::Timestamp;

// Facts: they are recorded once and never change. Everything else is folded from them.
struct Wanted {
  std::string domain;
  Duration wait{0};
  Timestamp due;  // when the wait is over
};
struct Ordered {};
struct Postponed {
  std::string why;
  Duration wait{0};
  Timestamp due;
};
struct Issued {
  autoheal::engine::BlobName certificate;  // the digest of its content, which is in the vault
};
struct Installed {};
struct Failed {
  std::string why;
};

// News: what happened outside. The last two come from the loop itself.
struct Want {
  std::string domain;
  Duration wait{0};
};
struct Received {
  std::string certificate;
};
struct Refused {
  std::string why;
};
struct InstallDone {};
struct WaitOver {};
struct ProcessBegan {};

// Acts: what is to be done outside.
struct Order {
  std::string domain;
};
struct Install {
  autoheal::engine::BlobName certificate;
};

enum class Stage { none, waiting, ordered, issued, installed, failed };

struct RenewalState {
  Stage stage = Stage::none;
  std::string domain;
  Duration wait{0};
  Timestamp due;
  unsigned orders = 0;
  autoheal::engine::BlobName certificate;
  std::string why;
};

struct CertificateRenewal {
  static constexpr std::string_view type = "certificate";  // entries are "certificate.wanted" and so on
  static constexpr unsigned version = 2;
  static constexpr unsigned most_orders = 5;
  static constexpr Duration longest_wait = std::chrono::hours(24 * 366);

  using State = RenewalState;
  using Entry = std::variant<Wanted, Ordered, Postponed, Issued, Installed, Failed>;
  using Input = std::variant<Want, Received, Refused, InstallDone, WaitOver, ProcessBegan>;
  using Effect = std::variant<Order, Install>;

  static autoheal::engine::Decision<CertificateRenewal> decide(const State& state, const Input& input, Timestamp now);
  static State apply(State state, const Entry& entry);
  static autoheal::engine::Encoded encode(const State& state, const Entry& entry);
  static Result<Entry> decode(std::string_view entry_type, unsigned dataversion, std::string_view data);
  static Input resumed() { return ProcessBegan{}; }
  static Input woken() { return WaitOver{}; }
  static bool resumes_alone(const State&) { return false; }
};

}  // namespace example
