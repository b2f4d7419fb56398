// Everything that is made from the option table for people to read.
#include <fmt/format.h>

#include "config/option.hpp"

namespace coreldove::config {
namespace {

std::string usual_of(const option& o) {
  static const settings defaults;
  return write_value(o, defaults);
}

std::string remark(const option& o) {
  std::string out{o.help};
  if (o.effect == effect::fixed) out += " This version knows only the default.";
  if (o.effect == effect::unused) out += " Nothing in this version uses it.";
  return out;
}

// One call for each option, with a headline before each group.
template <class OnGroup, class OnOption>
void walk(OnGroup on_group, OnOption on_option) {
  std::string_view group;
  for (const auto& o : options()) {
    if (o.group != group) on_group(group = o.group);
    on_option(o);
  }
}

void wrap(std::string_view text, std::string_view indent, std::size_t width, std::string& out) {
  while (!text.empty()) {
    auto cut = text.size();
    if (cut > width) {
      cut = text.rfind(' ', width);
      if (cut == std::string_view::npos || cut == 0) cut = std::min(text.find(' '), text.size());
    }
    fmt::format_to(std::back_inserter(out), "{}{}\n", indent, text.substr(0, cut));
    text.remove_prefix(std::min(cut + 1, text.size()));
  }
}

}  // namespace

std::string help_text() {
  std::string out = "Settings (environment variables; a secret NAME may come from a file named by NAME_FILE):\n";
  walk([&](std::string_view group) { fmt::format_to(std::back_inserter(out), "\n {}\n", group); },
       [&](const option& o) {
         const auto usual = usual_of(o);
         fmt::format_to(std::back_inserter(out), "  {}{}\n", o.name, usual.empty() ? "" : fmt::format(" ({})", usual));
         wrap(remark(o), "      ", 94, out);
       });
  return out;
}

std::string effective_text(const settings& s) {
  std::string out;
  for (const auto& o : options()) {
    const auto value = write_value(o, s);
    fmt::format_to(std::back_inserter(out), "{}={}\n", o.name, o.secret && !value.empty() ? "***" : without_credentials(value));
  }
  return out;
}

std::string env_example() {
  std::string out = "# Every setting with its default. Made from the table in config/ by `make generate`; do not edit.\n";
  walk([&](std::string_view group) { fmt::format_to(std::back_inserter(out), "\n# ---- {}\n", group); },
       [&](const option& o) {
         wrap(remark(o), "# ", 110, out);
         fmt::format_to(std::back_inserter(out), "#{}={}\n", o.name, usual_of(o));
       });
  return out;
}

std::string settings_page() {
  std::string out =
      "# Settings\n\n"
      "<!-- Made from the table in config/ by `make generate`; do not edit. -->\n\n"
      "Settings are environment variables. An empty value counts as not set. A secret may come from a file: set `NAME_FILE` to its path\n"
      "instead of `NAME`. A bad value stops the start with exit status 2 and one line for each complaint that names the setting, its value\n"
      "(never a secret's) and what is allowed; so does an unknown name that begins with `CORELDOVE_` or\n"
      "`CLUSTER_`. `coreldove --print-config` shows what is in effect, with secrets masked.\n\n"
      "In `production` the server does not start without `JWT_SECRET_KEY` and `ENCRYPTION_KEY` (32 bytes or more each, no well-known\n"
      "example), and an outside system without credentials is off.\n";
  walk(
      [&](std::string_view group) {
        fmt::format_to(std::back_inserter(out), "\n## {}\n\n| name | default | what it does | allowed |\n| --- | --- | --- | --- |\n", group);
      },
      [&](const option& o) {
        const auto usual = usual_of(o);
        fmt::format_to(std::back_inserter(out), "| `{}`{} | {} | {} | {} |\n", o.name, o.secret ? " (secret)" : "",
                       usual.empty() ? "" : fmt::format("`{}`", usual), remark(o), allowed(o));
      });
  return out;
}

}  // namespace coreldove::config
