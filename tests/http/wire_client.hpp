#pragma once
// A client that sends exactly the bytes it is given.
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace coreldove::test {

struct wire_response {
  int status = 0;                             // 0: the connection ended, or nothing came in time
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
  std::string field(const std::string& name) const {
    const auto it = fields.find(name);
    return it == fields.end() ? std::string{} : it->second;
  }
};

class wire_client {
public:
  /// `patience`: how long a read waits.
  explicit wire_client(std::uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds{5}, int receive_buffer_bytes = 0);
  ~wire_client();
  wire_client(const wire_client&) = delete;
  wire_client& operator=(const wire_client&) = delete;

  /// False where the other side has closed.
  bool send(std::string_view bytes);
  void shutdown_send();
  /// The next response; of one to HEAD only the header.
  wire_response read(bool to_head = false);
  /// The header of a response alone; the body is read with read_until.
  wire_response read_head();
  /// What comes up to and with `end`.
  std::string read_until(std::string_view end);
  /// True where the other side closes without sending anything more.
  bool closed();

private:
  bool fill();

  int socket_ = -1;
  std::string in_;
};

/// One request on a connection of its own. `head` is the request line and fields without the Host field.
wire_response ask(std::uint16_t port, std::string_view head, std::string_view body = {}, bool json = true);

}  // namespace coreldove::test
