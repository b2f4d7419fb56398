#pragma once
// Mails as bytes: RFC 5322 headers, RFC 2047 subjects, quoted-printable UTF-8 text. Pure.
#include <string>
#include <string_view>

#include "domain/time.hpp"
#include "integrations/mailer.hpp"

namespace coreldove::integrations::smtp {

/// "Shop <orders@example.com>" → "orders@example.com".
std::string_view address_of(std::string_view mailbox);

/// What forbids sending the mail at all, as a code; empty where nothing does. Line breaks in a header would let a customer write headers of their own.
std::string_view objection(const mail& m);

/// The whole mail with CRLF line ends; dots are not stuffed yet. `m` has no objection.
std::string write_message(const mail& m, std::string_view from, domain::time_point now);

/// RFC 2047 where needed, folded; else as it is.
std::string encode_subject(std::string_view subject);
std::string encode_quoted_printable(std::string_view text);

}  // namespace coreldove::integrations::smtp
