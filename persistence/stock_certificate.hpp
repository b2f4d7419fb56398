#pragma once
// A certificate of the stock ledger: what every row of stock stood at when the store was at some position, and the head of its chain (stock_chain.hpp). Kept
// outside of the store it shows later that the ledger up to there is still the same: `coreldove verify --certificate FILE`.
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/stock_chain.hpp"
#include "persistence/store.hpp"

namespace coreldove::persistence {

struct stock_certificate {
  std::uint64_t position = 0;  // of the last event that it includes
  domain::time_point made_at{};
  stock_chains rows;
};

/// Over everything that the certificate says.
digest hash_of(const stock_certificate& c);

/// JSON, hash included; quantities in units.
std::string certificate_document(const stock_certificate& c);
/// Errors: malformed where it is no certificate of a kind that this program knows, or was changed after it had been made.
domain::result<stock_certificate> read_certificate(std::string_view document);

/// Some of the ledger after a position, at most up to another. Errors: as in store.hpp.
using stock_ledger_reader = std::function<domain::result<stock_ledger_page>(std::uint64_t after, std::uint64_t until)>;

/// What of the certificate is no longer in a store whose last position is `last`; empty: all of it is, whatever has been added since.
domain::result<std::vector<std::string>> differences(const stock_certificate& c, std::uint64_t last, const stock_ledger_reader& read);

/// Makes certificates of a store that is in use. It reads page by page, so that it holds neither a reader for long nor a snapshot, and remembers the chains of
/// its last pass (as large as the catalogue): the next one goes on from there. Who asks while a pass is under way is served by the next.
class certifier : public std::enable_shared_from_this<certifier> {
public:
  explicit certifier(store& s) : store_(s) {}
  /// `done` runs once, on a thread of the store. Errors: as in store.hpp; internal where an event cannot be read.
  void certify(domain::time_point now, reply<stock_certificate> done);

private:
  struct asker {
    domain::time_point at;
    reply<stock_certificate> done;
  };
  void begin();
  void read_on();
  void take(domain::result<stock_ledger_page> page);
  void end(const domain::failure* why);

  store& store_;
  std::mutex mutex_;  // guards the two that follow; the rest belongs to the pass
  std::vector<asker> waiting_;
  bool running_ = false;
  std::vector<asker> served_;
  stock_chains chains_;
  std::uint64_t position_ = 0, until_ = 0;
};

}  // namespace coreldove::persistence
