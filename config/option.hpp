#pragma once
// The table of settings: one row each. Environment reading, --help, --print-config, .env.example and docs/settings.md are all made from it.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.hpp"

namespace coreldove::config {

using field = std::variant<std::string settings::*, bool settings::*, std::uint16_t settings::*, std::uint32_t settings::*, std::int64_t settings::*,
                           std::chrono::milliseconds settings::*, config::environment settings::*>;

enum class option_type : std::uint8_t {
  text,          // min to max bytes without control characters
  host,          // a name or an IP address
  header_name,   // of HTTP
  one_of,        // a name out of choices
  flag,          // true, yes, on, 1; false, no, off, 0
  whole,         // decimal, from min to max
  hundredths,    // "1000.00", kept times 100
  tenths,        // "75.0", kept times 10
  span,          // a time with its unit: 500ms, 10s, 5m, 1h; min and max in milliseconds
  web_address,   // http:// or https://, without query or trailing blanks
  mail_address,  // smtp:// or smtps:// with host and port
  mailbox,       // name@host
  file,          // a path that can be read
  path,          // min to max bytes
};

enum class effect : std::uint8_t {
  full,
  fixed,   // part of the fixed names, but this version knows only the default; anything else is a problem
  unused,  // accepted and remarked upon: nothing in this version reads it
};

struct option {
  std::string_view group, name;
  field where;
  option_type type = option_type::text;
  std::string_view help;  // a sentence
  std::int64_t min = 0, max = 0;
  std::vector<std::string_view> choices = {};  // one_of
  bool secret = false;                         // never shown; may come from NAME_FILE
  config::effect effect = config::effect::full;
};

/// All settings, by group, in the order in which they are shown.
const std::vector<option>& options();
const option& find_option(std::string_view name);  // for names that are in the table

/// Sets the field from text; says what is allowed where the text is not.
std::optional<std::string> read_value(const option& o, std::string_view text, settings& into);
/// The value as it would have to be written in the environment.
std::string write_value(const option& o, const settings& from);
/// What read_value takes: "a whole number from 0 to 65535".
std::string allowed(const option& o);
/// An address without the user's name and password, wherever in it they stand; another text as it is.
std::string without_credentials(std::string text);

/// `text` fit for one line of a complaint: quoted, control characters escaped, cut, passwords in addresses hidden; all of it hidden for a secret.
std::string shown(const option& o, std::string_view text);

/// "10s", "500ms", "1h" and the like; nothing for anything else.
std::optional<std::chrono::milliseconds> parse_span(std::string_view text);

// ---- what is made from the table -----------------------------------------------------------------------------------------------------------------
std::string help_text();                        // for --help
std::string effective_text(const settings& s);  // NAME=value lines, secrets masked; for --print-config
std::string env_example();                      // .env.example
std::string settings_page();                    // docs/settings.md

}  // namespace coreldove::config
