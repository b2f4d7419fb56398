#pragma once
// The world's own calls: the ledger, the faults, moving parcels on, buyers' decisions, the mails, what is here.
#include <cstdint>
#include <memory>
#include <vector>

#include "integrations/sandbox/server.hpp"
#include "integrations/sandbox/world.hpp"

namespace coreldove::integrations::world {

class mail_receiver;

struct addresses {
  std::string http, smtp;  // host:port
};

/// Hands each request to its vendor by the first part of its path, and answers the world's own calls itself.
class control final : public http_handler {
public:
  control(world& w, std::vector<vendor*> vendors, const mail_receiver& mails);
  void set_addresses(addresses a) { at_ = std::move(a); }  // before the first connection

  void answer(request& rq, reply& out) override;
  void settle() override;

private:
  void show_world(reply& out) const;
  void read_ledger(const request& rq, reply& out) const;
  void report_settlement(const request& rq, reply& out) const;
  void faults_call(const request& rq, reply& out);
  void list_faults(reply& out) const;
  void add_fault(const request& rq, reply& out);
  void advance(const request& rq, reply& out);
  void approve(const request& rq, reply& out);
  void read_mails(const request& rq, reply& out) const;
  vendor* find(std::string_view name) const;
  std::string vendor_names() const;

  world& world_;
  std::vector<vendor*> vendors_;
  const mail_receiver& mails_;
  addresses at_;
};

}  // namespace coreldove::integrations::world
