#include "integrations/sandbox/mail/mail_receiver.hpp"

#include <fmt/format.h>
#include <simdjson.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "integrations/sandbox/json_text.hpp"
#include "integrations/sandbox/signing.hpp"

namespace coreldove::integrations::world {

namespace {

constexpr std::size_t mails_kept = 1000;
constexpr std::size_t bytes_kept = 64 * 1024;  // of each
constexpr std::array operations_known{operation::email};

std::string_view header_part(std::string_view raw) {
  const auto end = raw.find("\r\n\r\n");
  return raw.substr(0, end == std::string_view::npos ? raw.size() : end + 2);
}

std::string unquote_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out.push_back(text[i]);
      continue;
    }
    if (text.substr(i + 1, 2) == "\r\n") {  // soft line break
      i += 2;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto high = i + 2 < text.size() ? digits.find(text[i + 1]) : std::string_view::npos;
    const auto low = i + 2 < text.size() ? digits.find(text[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      out.push_back('=');
      continue;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

void append_mail(std::string& out, const received_mail& m) {
  out += R"({"at":")";
  append_time(out, m.at_ms);
  out += R"(","message_id":)";
  append_json(out, m.message_id);
  out += R"(,"order_id":)";
  append_json(out, m.order_id);
  out += R"(,"from":)";
  append_json(out, m.from);
  out += R"(,"to":[)";
  for (std::size_t i = 0; i < m.to.size(); ++i) {
    if (i > 0) out.push_back(',');
    append_json(out, m.to[i]);
  }
  out += R"(],"subject":)";
  append_json(out, m.subject);
  out += R"(,"text":)";
  append_json(out, mail_text(m.raw));
  out.push_back('}');
}

std::string quoted_words(std::string_view text) {
  std::string spaced{text};
  std::replace(spaced.begin(), spaced.end(), '_', ' ');
  return unquote_printable(spaced);
}

/// JSON needs UTF-8; a mail may be anything.
std::string as_utf8(std::string text) {
  if (simdjson::validate_utf8(text)) return text;
  for (char& c : text)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return text;
}

}  // namespace

std::string mail_header(std::string_view raw, std::string_view name) {
  std::string_view rest = header_part(raw);
  std::string value;
  bool inside = false;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const auto line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
    if (inside && !line.empty() && (line[0] == ' ' || line[0] == '\t')) {
      value += line;
      continue;
    }
    if (inside) break;
    if (line.size() > name.size() && line[name.size()] == ':' && strncasecmp(line.data(), name.data(), name.size()) == 0) {
      inside = true;
      value = line.substr(name.size() + 1);
    }
  }
  const auto first = value.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return as_utf8(value.substr(first, value.find_last_not_of(" \t") - first + 1));
}

std::string mail_text(std::string_view raw) {
  const auto end = raw.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  std::string body{raw.substr(end + 4)};
  const std::string encoding = mail_header(raw, "Content-Transfer-Encoding");
  if (strcasecmp(encoding.c_str(), "quoted-printable") == 0) {
    body = unquote_printable(body);
  } else if (strcasecmp(encoding.c_str(), "base64") == 0) {
    std::erase_if(body, [](char c) { return c == '\r' || c == '\n'; });
    body = from_base64(body);
  }
  return as_utf8(std::move(body));
}

std::string mail_subject(std::string_view raw) {
  const std::string coded = mail_header(raw, "Subject");
  std::string_view rest = coded;
  std::string out;
  bool after_word = false;
  while (!rest.empty()) {
    const auto start = rest.find("=?"), charset = rest.find('?', start + 2), text = rest.find('?', charset + 1);
    const auto end = text == std::string_view::npos ? text : rest.find("?=", text + 1);
    if (start == std::string_view::npos || charset == std::string_view::npos || end == std::string_view::npos) break;
    const auto between = rest.substr(0, start);
    if (!after_word || between.find_first_not_of(" \t") != std::string_view::npos) out += between;  // blanks between two words are none
    const auto word = rest.substr(text + 1, end - text - 1);
    const char how = rest[charset + 1];
    out += how == 'B' || how == 'b' ? from_base64(word) : quoted_words(word);
    rest.remove_prefix(end + 2);
    after_word = true;
  }
  return as_utf8(out.append(rest));
}

std::span<const operation> mail_receiver::operations() const { return operations_known; }

bool mail_receiver::first_of(std::string_view message_id) { return message_id.empty() || seen_.insert(digest(message_id)).second; }

void mail_receiver::take(received_mail m) {
  m.at_ms = world_.now_ms();
  m.message_id = mail_header(m.raw, "Message-ID");
  m.order_id = mail_header(m.raw, "X-Order-Id");
  m.subject = mail_subject(m.raw);
  const std::lock_guard lock(mutex_);
  if (!first_of(m.message_id)) return;
  const std::string reference = m.to.empty() ? std::string{} : m.to.front();
  world_.book.append({m.at_ms, name(), operation::email, m.message_id, reference, m.order_id, std::nullopt, {}});
  if (world_.log.enabled()) {
    std::string line = fmt::format(R"({{"v":"smtp","at":{},"id":)", m.at_ms);
    append_json(line, m.message_id);
    line += R"(,"order_id":)";
    append_json(line, m.order_id);
    line += R"(,"to":)";
    append_json(line, as_utf8(reference));
    line.push_back('}');
    world_.log.append(line);
  }
  if (m.raw.size() > bytes_kept) {
    m.raw.resize(bytes_kept);
    m.raw.shrink_to_fit();
  }
  kept_.push_back(std::move(m));
  if (kept_.size() > mails_kept) kept_.pop_front();
}

void mail_receiver::restore(const simdjson::dom::element& line) {
  const std::string_view id = line["id"], to = line["to"], order = line["order_id"];
  const std::int64_t at = line["at"];
  const std::lock_guard lock(mutex_);
  first_of(id);
  world_.book.append({at, name(), operation::email, id, to, order, std::nullopt, {}});
}

void mail_receiver::list(std::string_view order_id, std::string& out) const {
  const std::lock_guard lock(mutex_);
  out += R"({"items":[)";
  bool first = true;
  for (const auto& m : kept_) {
    if (!order_id.empty() && m.order_id != order_id) continue;
    if (!std::exchange(first, false)) out.push_back(',');
    append_mail(out, m);
  }
  out += "]}\n";
}

}  // namespace coreldove::integrations::world
