#include "integrations/sandbox/approval_page.hpp"

namespace coreldove::integrations::world {

namespace {

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out.push_back(c);
  }
}

void begin(reply& out, std::string_view title) {
  out.content_type = "text/html; charset=utf-8";
  out.body = R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>)";
  append_escaped(out.body, title);
  out.body += "</title></head><body><h1>";
  append_escaped(out.body, title);
  out.body += "</h1>";
}

void begin_form(reply& out, std::string_view action) {
  out.body += R"(<form method="post" action=")";
  append_escaped(out.body, action);
  out.body += "\">";
}

}  // namespace

void approval_page(reply& out, std::string_view title, std::string_view price, std::string_view action) {
  begin(out, title);
  out.body += "<p>";
  append_escaped(out.body, price);
  out.body += "</p>";
  begin_form(out, action);
  out.body += R"(<button name="decision" value="approve">Pay</button> <button name="decision" value="decline">Decline</button></form></body></html>)";
}

void return_page(reply& out, std::string_view title, std::string_view action, const std::vector<std::pair<std::string, std::string>>& fields) {
  begin(out, title);
  if (!action.empty()) {
    begin_form(out, action);
    for (const auto& [name, value] : fields) {
      out.body += R"(<input type="hidden" name=")";
      append_escaped(out.body, name);
      out.body += R"(" value=")";
      append_escaped(out.body, value);
      out.body += "\">";
    }
    out.body += "<button>Back to the shop</button></form><script>document.forms[0].submit()</script>";
  }
  out.body += "</body></html>";
}

}  // namespace coreldove::integrations::world
