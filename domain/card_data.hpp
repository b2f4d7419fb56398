#pragma once
// Recognises payment card data, so that it is refused at the door and neither stored nor logged.
#include <string>
#include <string_view>

namespace coreldove::domain {

/// True where `text` holds a card number: 13 to 19 digits, also in groups parted by single blanks or dashes, within an issuer's range, with a correct
/// check digit. Not taken for one: digits that are part of a longer word, E.164 phone numbers ("+" and at most 15 digits), EAN-13 article numbers.
bool holds_card_number(std::string_view text);

/// True for a field named like card data: cvv, cvc2, "Card-Number", track1, …
bool names_card_data(std::string_view key);

/// For words that somebody else has put together, a gateway or a carrier, and that go into the books: where they hold a card number, every digit in them
/// becomes a star.
std::string without_card_numbers(std::string text);

}  // namespace coreldove::domain
