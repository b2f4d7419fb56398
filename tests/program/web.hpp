#pragma once
// One HTTP exchange on a connection of its own.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace coreldove::program_test {

struct web_answer {
  int status = 0;
  std::string body;
  std::map<std::string, std::string> fields;  // names in lower case
};

/// Throws boost::system::system_error where nobody answers in time.
web_answer ask(std::uint16_t port, const std::string& method, const std::string& target, const std::map<std::string, std::string>& fields = {},
               const std::string& body = {}, std::chrono::seconds at_most = std::chrono::seconds{30});

/// The port at the end of "… listening on http://127.0.0.1:8001"; 0 where there is none.
std::uint16_t port_in(const std::string& line);

}  // namespace coreldove::program_test
