#pragma once
// What a store keeps of an order besides its events. Made here alone: the journal's writers and `verify` must agree to the byte.
#include "persistence/journal.hpp"

namespace coreldove::persistence {

/// Without the document where the order was placed a moment ago and waits for its gateway's first answer: the whole of it would be written twice in a few
/// milliseconds, and whoever reads it in between has it made of its events.
order_row row_of(const domain::order& o);

/// The row of the review queue for one review of `o`.
review_change review_row_of(const domain::order& o, const domain::review& r);

}  // namespace coreldove::persistence
