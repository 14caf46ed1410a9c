// renewal LEDGER HOST PORT DOMAIN WAIT FILE [--die-after-issue]
// Renews a certificate once; killed at any moment and started again, it goes on where it was.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>
#include <optional>
#include <span>

#include "autoheal/engine/base/durations.hpp"
#include "autoheal/engine/runtime.hpp"
#include "autoheal/engine/system_ports.hpp"
#include "autoheal/store/ledger/sqlite_ledger.hpp"
#include "autoheal/store/vault/vault.hpp"
#include "renewal_effects.hpp"

namespace example {

namespace asio = boost::asio;
namespace engine = autoheal::engine;
namespace store = autoheal::store;

struct Options {
  std::filesystem::path ledger;
  std::string host, port, domain;
  Duration wait{0};
  std::filesystem::path into;
  bool die_after_issue = false;
};

std::optional<Options> read_options(std::span<char*> words) {
  const bool dies = words.size() == 8 && std::string_view(words[7]) == "--die-after-issue";
  if (words.size() != 7 && !dies) return std::nullopt;
  const auto wait = autoheal::parse_duration(words[5]);
  if (!wait || *wait > CertificateRenewal::longest_wait) return std::nullopt;
  return Options{words[1], words[2], words[3], words[4], *wait, words[6], dies};
}

int tell(const autoheal::Error& error) {
  std::cerr << "renewal: " << error.message << "\n";
  return 1;
}

asio::awaitable<Result<void>> renew(engine::Runtime& runtime, Options options) {
  CertificateRenewal::Input first = Want{options.domain, options.wait};
  std::string key = "renewal of " + options.domain;  // a program that renews each year would add the year
  const auto stream = co_await runtime.start<CertificateRenewal>(std::move(first), std::move(key));
  AUTOHEAL_CO_TRY(stream);
  if (runtime.runner().state<CertificateRenewal>(*stream) == nullptr) co_return Result<void>();  // ended earlier
  const auto last = co_await runtime.finished<CertificateRenewal>(*stream);
  AUTOHEAL_CO_TRY(last);
  if (last->stage == Stage::failed) co_return autoheal::failure(autoheal::ErrorKind::failed, last->why);
  co_return Result<void>();
}

void print(const engine::LedgerView& ledger) {
  const auto page = ledger.read_all({}, 100);
  if (!page) return;
  for (const auto& entry : page->entries) std::cout << entry.type << " " << entry.data << "\n";
}

int run(const Options& options) {
  engine::SystemClock clock;
  engine::SystemRandomness randomness;
  engine::UuidV7Source ids(clock, randomness);
  const auto ledger = store::SqliteLedger::open(options.ledger, {.ids = ids});
  if (!ledger) return tell(ledger.error());
  const auto vault = store::Vault::open(options.ledger.string() + ".vault", {}, store::VaultAccess::create);
  if (!vault) return tell(vault.error());

  asio::io_context loop(1);
  RenewalEffects effects({options.host, options.port, options.into, **vault, options.die_after_issue});
  const auto runtime = engine::Runtime::create(loop.get_executor(), {**ledger, **vault, clock, ids});
  if (!runtime) return tell(runtime.error());
  (*runtime)->register_workflow<CertificateRenewal>(effects);
  (*runtime)->runner().hooks.set_aside = [](const std::string&, const autoheal::Error& error) { tell(error); };
  const auto open = (*runtime)->recover();
  if (!open) return tell(open.error());
  std::cout << (*open == 0 ? "begins" : "goes on") << std::endl;

  Result<void> renewed;
  asio::co_spawn(loop, renew(**runtime, options), [&](const std::exception_ptr&, Result<void> result) {
    renewed = std::move(result);
    loop.stop();
  });
  loop.run();
  effects.finish();
  if (!renewed) return tell(renewed.error());
  print(**ledger);
  return 0;
}

}  // namespace example

int main(int argc, char** argv) {
  const auto options = example::read_options({argv, static_cast<std::size_t>(argc)});
  if (options) return example::run(*options);
  std::cerr << "renewal LEDGER HOST PORT DOMAIN WAIT FILE [--die-after-issue]\n";
  return 2;
}
