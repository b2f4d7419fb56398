// Stripe's promise: the same key brings the same answer, a different request under it an error, and one that is still running a 409.
#include <fmt/format.h>

#include "integrations/sandbox/stripe/stripe.hpp"

namespace coreldove::integrations::world {

using clock = std::chrono::steady_clock;

stripe::key_index& stripe::index_for(std::string_view key) { return keys_[std::hash<std::string_view>{}(key) % keys_.size()]; }

bool stripe::replay(call& c, std::uint64_t fingerprint) {
  const auto& index = index_for(c.key);
  const auto it = index.find(c.key);
  if (it == index.end()) return false;
  const kept_answer& a = answers_[*it];
  if (a.fingerprint != fingerprint) {
    const std::string message = fmt::format(
        "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{}' if you meant to "
        "execute a different request.",
        c.key);
    refuse(c, {400, "idempotency_error", "", message});
    return true;
  }
  if (const auto b = busy_.find(*it); b != busy_.end()) {
    if (clock::now() < b->second) {
      const std::string message = fmt::format("There is currently another in-progress request using this Idempotent Key: {}", c.key);
      refuse(c, {409, "invalid_request_error", "idempotency_key_in_use", message});
      return true;
    }
    busy_.erase(b);
  }
  c.out.status = a.status;
  c.out.headers += "Idempotent-Replayed: true\r\n";
  switch (a.what) {
    case kept_answer::shows::text:
      c.out.body += a.text.view();
      break;
    case kept_answer::shows::refund:
      append_refund(c.out.body, ids_, a.object, refunds_[a.object], intents_[refunds_[a.object].intent]);
      break;
    case kept_answer::shows::intent:
      if (a.status == 402)
        append_decline(c.out.body, ids_, a.object, intents_[a.object], a.face);
      else
        append_intent(c.out.body, ids_, a.object, intents_[a.object], a.face);
  }
  return true;
}

void stripe::keep(const call& c, std::uint64_t fingerprint, kept_text key, std::chrono::milliseconds busy) {
  const auto n = static_cast<std::uint32_t>(answers_.size());
  kept_answer a;
  a.key = key.view().empty() ? texts_.put(c.key) : key;
  a.fingerprint = fingerprint;
  a.what = c.shows;
  a.status = static_cast<std::uint16_t>(c.out.status);
  a.object = c.shows == kept_answer::shows::refund ? c.refund : c.intent;
  if (c.shows == kept_answer::shows::intent) a.face = intents_[c.intent].face;
  if (c.shows == kept_answer::shows::text) a.text = texts_.put(c.out.body);
  answers_.push_back(a);
  index_for(c.key).insert(n);
  if (busy.count() > 0) busy_[n] = clock::now() + busy;
}

}  // namespace coreldove::integrations::world
