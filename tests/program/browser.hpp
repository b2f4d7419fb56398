#pragma once
// A buyer's browser at a vendor's page: follows links and forms from page to page, as far as they stay on this machine.
#include <cstdint>
#include <string>

#include "tests/program/web.hpp"

namespace coreldove::program_test {

class browser {
public:
  /// Presses the first button where there is a choice: pays. False where the vendor's page did not work; the buyer tries again later.
  bool pay(const std::string& url) { return walk(url, "approve"); }
  bool decline(const std::string& url) { return walk(url, "decline"); }
  /// Where the vendor has sent him in the end, if that is not on this machine; else empty.
  const std::string& sent_to() const { return sent_to_; }

private:
  bool walk(std::string at, const std::string& decision);
  web_answer follow(std::string& at, web_answer got);

  std::string sent_to_;
};

}  // namespace coreldove::program_test
