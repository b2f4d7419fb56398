#include "domain/email_address.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace coreldove::domain {
namespace {

constexpr std::size_t address_max = 254, local_max = 64, label_max = 63;

/// Sorted. From what such providers say of themselves; the larger ones only.
constexpr std::array<std::string_view, 104> disposable_domains{"0815.ru",
                                                               "10minutemail.com",
                                                               "10minutemail.net",
                                                               "20minutemail.com",
                                                               "33mail.com",
                                                               "anonbox.net",
                                                               "anonymbox.com",
                                                               "armyspy.com",
                                                               "binkmail.com",
                                                               "bobmail.info",
                                                               "bugmenot.com",
                                                               "burnermail.io",
                                                               "byom.de",
                                                               "chammy.info",
                                                               "cuvox.de",
                                                               "dayrep.com",
                                                               "deadaddress.com",
                                                               "devnullmail.com",
                                                               "discard.email",
                                                               "discardmail.com",
                                                               "discardmail.de",
                                                               "dispostable.com",
                                                               "dropmail.me",
                                                               "dudmail.com",
                                                               "einrot.com",
                                                               "emailfake.com",
                                                               "emailondeck.com",
                                                               "emailsensei.com",
                                                               "emailtemporanea.com",
                                                               "fakeinbox.com",
                                                               "fakemail.net",
                                                               "fakemailgenerator.com",
                                                               "filzmail.com",
                                                               "fleckens.hu",
                                                               "generator.email",
                                                               "getairmail.com",
                                                               "getnada.com",
                                                               "grr.la",
                                                               "guerrillamail.biz",
                                                               "guerrillamail.com",
                                                               "guerrillamail.de",
                                                               "guerrillamail.info",
                                                               "guerrillamail.net",
                                                               "guerrillamail.org",
                                                               "guerrillamailblock.com",
                                                               "gustr.com",
                                                               "harakirimail.com",
                                                               "inboxbear.com",
                                                               "inboxkitten.com",
                                                               "incognitomail.org",
                                                               "jetable.org",
                                                               "jourrapide.com",
                                                               "kasmail.com",
                                                               "luxusmail.org",
                                                               "mail-temp.com",
                                                               "mail-temporaire.fr",
                                                               "mailcatch.com",
                                                               "maildrop.cc",
                                                               "mailexpire.com",
                                                               "mailforspam.com",
                                                               "mailinator.com",
                                                               "mailinator.net",
                                                               "mailinator2.com",
                                                               "mailnesia.com",
                                                               "mailnull.com",
                                                               "mailpoof.com",
                                                               "mailsac.com",
                                                               "mailtothis.com",
                                                               "mintemail.com",
                                                               "moakt.com",
                                                               "mohmal.com",
                                                               "mytemp.email",
                                                               "mytrashmail.com",
                                                               "nada.email",
                                                               "nowmymail.com",
                                                               "objectmail.com",
                                                               "rhyta.com",
                                                               "sharklasers.com",
                                                               "sogetthis.com",
                                                               "spam4.me",
                                                               "spambog.com",
                                                               "spambox.us",
                                                               "spamex.com",
                                                               "spamgourmet.com",
                                                               "spaml.com",
                                                               "superrito.com",
                                                               "teleworm.us",
                                                               "temp-mail.io",
                                                               "temp-mail.org",
                                                               "tempail.com",
                                                               "tempinbox.com",
                                                               "tempmail.com",
                                                               "tempmail.net",
                                                               "tempmailaddress.com",
                                                               "tempmailo.com",
                                                               "tempr.email",
                                                               "throwawaymail.com",
                                                               "trash-mail.com",
                                                               "trashmail.com",
                                                               "trashmail.de",
                                                               "trashmail.net",
                                                               "trbvm.com",
                                                               "wegwerfmail.de",
                                                               "yopmail.com"};
static_assert(std::ranges::is_sorted(disposable_domains));

constexpr bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
constexpr bool is_atom_character(char c) { return is_letter_or_digit(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~"}.find(c) != std::string_view::npos; }

/// Calls `check` for each part between dots; false as soon as one fails.
template <class Check>
bool all_parts(std::string_view text, Check check) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!check(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > label_max || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

}  // namespace

bool is_email_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at > local_max || text.size() > address_max) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  if (!all_parts(local, [](std::string_view atom) { return !atom.empty() && std::ranges::all_of(atom, is_atom_character); })) return false;
  if (domain.find('.') == std::string_view::npos || !all_parts(domain, is_label)) return false;
  const std::string_view top = domain.substr(domain.rfind('.') + 1);
  return !std::ranges::all_of(top, [](char c) { return c >= '0' && c <= '9'; });  // a number is an IP address, not a domain
}

bool is_disposable(std::string_view email) {
  std::string domain{email.substr(email.rfind('@') + 1)};
  for (char& c : domain)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::string_view name = domain;
  while (true) {
    if (std::ranges::binary_search(disposable_domains, name)) return true;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return false;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace coreldove::domain
