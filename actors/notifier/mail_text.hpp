#pragma once
// Which events a buyer hears of by e-mail, and in which words.
#include <optional>

#include "domain/order.hpp"
#include "integrations/mailer.hpp"
#include "persistence/journal.hpp"

namespace coreldove::actors {

/// The outbox entry for an event that `after` has just taken in; nothing where the buyer need not know.
std::optional<persistence::outbox_entry> mail_for(const domain::order& after, const domain::event& e);

/// Back from the outbox. Nothing where the entry cannot be read.
std::optional<integrations::mail> read_mail(const persistence::outbox_entry& entry);

}  // namespace coreldove::actors
