#pragma once
// The one walk through a store that verify makes. Only the verify_*.cpp files include it.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "domain/ledger.hpp"
#include "persistence/verify.hpp"

namespace coreldove::persistence {

class auditor {
public:
  auditor(audit_source& source, const verify_options& options) : source_(source), options_(options) {}
  verification run();

private:
  struct named_message {
    outbox_entry stored, wanted;  // wanted.key empty: nobody asks for it
  };

  void report(const char* check, std::string subject, std::string detail, std::string repair = {});

  // verify.cpp: the events, and what each order alone makes of them
  void see(const domain::history_entry& e, const digest& hash);
  void take_in(const domain::history_entry& e);
  void take_in_adjustment(const domain::history_entry& e);
  void finish_stream();
  void check_order(const domain::order& o);
  bool check_row(const domain::order& o, const stored_order& stored, const order_row& expected);
  bool check_lists(const order_row& expected);
  void check_timers(const domain::order& o, const stored_order& stored);
  void check_reviews(const domain::order& o, const stored_order& stored);
  void check_messages(const stored_order& stored);

  // verify_tables.cpp: what stands beside the orders, or sums up over them
  void check_positions();
  void check_stock();
  void check_figures();
  void check_answers();
  void check_orphans();

  audit_source& source_;
  const verify_options& options_;
  verification result_;
  audit_source::row_counts expected_rows_;
  std::map<std::pair<std::string, std::string>, domain::stock_level> stock_;
  std::map<figure_key, figure_values> figures_;

  // The stream that is being read.
  std::string stream_;
  std::uint64_t seq_ = 0, position_ = 0;
  digest head_{};
  domain::order order_;
  domain::ledger_balances books_;
  std::vector<std::pair<domain::event, domain::time_point>> events_;
  bool readable_ = true;  // false: something in it is wrong already, and what follows from it would only be noise
  bool complete_ = true;  // every stream so far was readable and nothing is missing: sums over all of them mean something
};

}  // namespace coreldove::persistence
