#pragma once
// Events as JSON, there and back. The journal, the history, the event stream and replay all use this one form.
// Money is written in minor units (integers), times as RFC 3339 with milliseconds, enumerations by their contract names.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"
#include "domain/query.hpp"
#include "domain/result.hpp"
#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// Appends the event's JSON object to `out`.
void encode(const domain::event& e, std::string& out);

/// Back from the stored form. Errors: internal for an unknown type or data that this version cannot read.
domain::result<domain::event> decode(std::string_view type, std::string_view data);

/// Rebuilds an order from its stream, oldest first. Errors: internal, naming the event that could not be read.
domain::result<domain::order> rebuild(const std::vector<domain::history_entry>& stream);

/// The order as the contract shows it ("The order, out"). Deterministic: equal orders give equal texts.
std::string order_document(const domain::order& o);
/// "open", "approved", "rejected".
std::string_view verdict_name(domain::review::verdict v);
/// One review as GET ~/reviews shows it.
std::string review_document(const domain::order& o, const domain::review& r);
/// GET ~/orders/{id}/tracking.
std::string tracking_document(const domain::order& o);
/// GET ~/orders/{id}/ledger: the order's books, entry by entry, and what its accounts come to. `stream`: all of it, not empty. Errors: internal.
domain::result<std::string> ledger_document(const std::vector<domain::history_entry>& stream);
/// GET ~/orders/{id}/evidence: what can be shown to a bank that asks about the order. Errors: internal.
domain::result<std::string> evidence_document(const std::vector<domain::history_entry>& stream);
/// One row of GET ~/payments/inbox.
std::string notice_document(const kept_notice& n);
/// An event's data as it may be shown outside: without the payment token, metadata as the object it is.
std::string shown_data(std::string_view type, std::string_view data);
/// One row of the history: {"seq","type","at","by","data"}, with shown_data.
std::string history_document(const domain::history_entry& e);

/// "2026-11-22T18:05:00.123Z", and back (also without fraction, and with an offset).
std::string format_time(domain::time_point t);
std::optional<domain::time_point> parse_time(std::string_view text);

/// Appends `text` as a JSON string, quotes included.
void write_json_string(std::string_view text, std::string& out);

}  // namespace coreldove::persistence
