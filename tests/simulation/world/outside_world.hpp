#pragma once
// The world outside of the process: gateways, carriers and mail, with a ledger of what they have done. It knows nothing of crashes of the engine. How each
// call is treated is the test's choice; that money and labels follow the vendors' own rules is not.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "integrations/carrier.hpp"
#include "integrations/mailer.hpp"
#include "integrations/payment_gateway.hpp"
#include "tests/simulation/world/bag.hpp"
#include "tests/simulation/world/simulated_clock.hpp"

namespace coreldove::simulation {

/// How one call is treated.
enum class manner {
  answers,        // does it (or declines by its own rules) and says so
  declines,       // a clear no
  refuses,        // not_done: nothing happened
  times_out,      // nothing happened, and nothing is said until the deadline: unknown
  loses_answer,   // does it; the answer is lost: unknown at the deadline
  keeps_silent,   // does it, and the adapter never says anything at all
  answers_late,   // does it; the answer comes after everybody has stopped waiting
  answers_twice,  // the same, at two moments
  throws,         // the adapter itself fails before anything is sent
  wants_buyer,    // authorize: nothing is charged until the buyer has acted on the vendor's page
};
std::string_view to_string(manner m);

struct call {
  domain::operation_kind kind{};
  std::string party, key, order_id, target, place;  // place: the parcel's reference
  domain::minor_units amount = 0;
  bool repeat = false;
  std::chrono::milliseconds timeout{0};
};

/// Something that has taken effect.
struct effect {
  domain::operation_kind kind{};
  std::string party, key, order_id, target, reference, tracking_number;
  domain::minor_units amount = 0;
  domain::time_point at{};
};

struct sent_mail {
  std::string message_id, order_id, subject;
};

class outside_world {
public:
  explicit outside_world(const simulated_clock& clock) : clock_(clock) {}

  /// How the next call is treated; `answers` without it.
  std::function<manner(const call&)> treat;
  std::function<manner(const integrations::mail&)> treat_mail;
  /// Sees every call as it arrives.
  std::function<void(const call&)> on_call;
  /// How long an ordinary answer takes.
  std::function<domain::duration()> delay;

  void ask(const call& c, integrations::on_outcome done);
  void send(const integrations::mail& m, integrations::on_outcome done);

  /// While cut off, nothing that is asked arrives: who is asking is dead.
  void cut_off(bool off) { cut_off_ = off; }

  /// Answers on their way to the process; a crash of it loses them.
  bag& answers() { return answers_; }

  const std::vector<effect>& ledger() const { return ledger_; }
  const std::vector<call>& calls() const { return calls_; }
  const std::vector<sent_mail>& mails() const { return mails_; }
  std::size_t count(domain::operation_kind kind, const std::string& order_id) const;
  domain::minor_units sum(domain::operation_kind kind, const std::string& order_id) const;
  std::size_t mails_with(const std::string& message_id) const;
  /// Authorizations whose buyer has been sent to the vendor's page and has not acted yet, by key.
  const std::map<std::string, call>& waiting() const { return waiting_; }
  /// He acts there: pays, or will not.
  void buyer_acts(const std::string& key, bool pays);
  /// The vendor's final word on a key, if it has given one.
  const integrations::outcome* settled(const std::string& key) const;
  /// A parcel that has been handed over cannot be voided any more.
  void pick_up(const std::string& tracking_number) { picked_up_[tracking_number] = true; }
  /// What no product may ask for (a key used for something else, a second label for one key, …), in words.
  std::vector<std::string> complaints;

private:
  integrations::outcome carry_out(const call& c);
  std::optional<integrations::outcome> known(const call& c);
  std::string refusal(const call& c) const;
  domain::minor_units on(const std::string& target, domain::operation_kind kind) const;
  bool voided(const std::string& target, domain::operation_kind kind) const;
  void answer(manner m, const integrations::outcome& o, std::chrono::milliseconds timeout, const integrations::on_outcome& done);

  const simulated_clock& clock_;
  std::vector<effect> ledger_;
  std::vector<call> calls_;
  std::vector<sent_mail> mails_;
  std::map<std::string, std::pair<call, integrations::outcome>> by_key_;
  std::map<std::string, call> waiting_;
  std::map<std::string, bool> picked_up_;
  bag answers_;
  bool cut_off_ = false;
};

std::shared_ptr<integrations::payment_gateway> gateway_of(outside_world& world, std::string name);
std::shared_ptr<integrations::carrier> carrier_of(outside_world& world, std::string name);
std::shared_ptr<integrations::mailer> mailer_of(outside_world& world);

}  // namespace coreldove::simulation
