#include "tests/program/browser.hpp"

#include <boost/system/system_error.hpp>
#include <cctype>
#include <chrono>
#include <regex>
#include <string_view>
#include <utility>

namespace coreldove::program_test {
namespace {

constexpr std::chrono::seconds patience{3};  // then he reloads the page

std::uint16_t port_of(const std::string& url) { return static_cast<std::uint16_t>(std::stoi(url.substr(url.find(':', 7) + 1))); }
std::string target_of(const std::string& url) { return url.substr(url.find('/', 8)); }
std::string resolved(const std::string& base, const std::string& link) {
  return link.starts_with("http") ? link : base.substr(0, base.find('/', 8)) + (link.empty() ? target_of(base) : link);
}

std::string plain(std::string text) {
  for (const auto& [escaped, c] : {std::pair{"&amp;", "&"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&#x27;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}})
    for (auto i = text.find(escaped); i != std::string::npos; i = text.find(escaped, i + 1)) text.replace(i, std::string_view{escaped}.size(), c);
  return text;
}

std::string encoded(const std::string& text) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-')
      out += c;
    else
      out += {'%', hex[static_cast<unsigned char>(c) >> 4], hex[static_cast<unsigned char>(c) & 15]};
  return out;
}

/// Hidden fields, and of the buttons named `decision` the one with that value.
std::string fields_of(const std::string& page, const std::string& decision) {
  static const std::regex field{"<(input|button)[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\""};
  std::string out;
  for (std::sregex_iterator i{page.begin(), page.end(), field}, end; i != end; ++i) {
    if ((*i)[1] == "button" && (*i)[3] != decision) continue;
    out += (out.empty() ? "" : "&") + encoded(plain((*i)[2])) + "=" + encoded(plain((*i)[3]));
  }
  return out;
}

}  // namespace

bool browser::walk(std::string at, const std::string& decision) {
  try {
    auto page = follow(at, ask(port_of(at), "GET", target_of(at), {}, {}, patience));
    for (int pages = 0; pages < 4; ++pages) {
      static const std::regex form_of{"<form[^>]*method=\"post\"([^>]*action=\"([^\"]*)\")?"};
      std::smatch form;
      if (page.status >= 400 || !std::regex_search(page.body, form, form_of)) return false;
      const bool decides = page.body.find("name=\"decision\"") != std::string::npos;
      at = resolved(at, plain(form[2]));
      page = follow(at,
                    ask(port_of(at), "POST", target_of(at), {{"Content-Type", "application/x-www-form-urlencoded"}}, fields_of(page.body, decision), patience));
      if (decides) return page.status < 400;
    }
  } catch (const boost::system::system_error&) {
  }
  return false;
}

web_answer browser::follow(std::string& at, web_answer got) {
  sent_to_.clear();
  for (int hops = 0; hops < 4 && got.status / 100 == 3 && got.fields.contains("location"); ++hops) {
    const auto next = resolved(at, got.fields["location"]);
    if (!next.starts_with("http://127.0.0.1:")) {
      sent_to_ = next;
      break;
    }
    at = next;
    got = ask(port_of(at), "GET", target_of(at), {}, {}, patience);
  }
  return got;
}

}  // namespace coreldove::program_test
