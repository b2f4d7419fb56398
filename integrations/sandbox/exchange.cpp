#include "integrations/sandbox/exchange.hpp"

#include <fmt/format.h>
#include <strings.h>

#include "integrations/sandbox/json_text.hpp"

namespace coreldove::integrations::world {

std::string_view request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  return {};
}

void reply::clear() {
  status = 200;
  content_type = "application/json";
  headers.clear();
  body.clear();
  more = nullptr;
  end = ending::answer;
  delay = std::chrono::milliseconds{0};
}

void reply::add_header(std::string_view name, std::string_view value) {
  headers.append(name).append(": ");
  for (char c : value)
    if (static_cast<unsigned char>(c) >= 0x20) headers.push_back(c);  // a value that came from a request must not end the line
  headers.append("\r\n");
}

void problem(reply& out, int status, std::string_view title, std::string_view detail) {
  out.status = status;
  out.content_type = "application/problem+json";
  out.body.clear();
  out.body.append(R"({"type":"about:blank","title":)");
  append_json(out.body, title);
  fmt::format_to(std::back_inserter(out.body), R"(,"status":{},"detail":)", status);
  append_json(out.body, detail);
  out.body.append("}\n");
}

}  // namespace coreldove::integrations::world
