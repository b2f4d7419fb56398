#include "runtime/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace coreldove::runtime {

bool notify_service_manager(std::string_view lines) {
  const char* given = std::getenv("NOTIFY_SOCKET");
  const std::string_view name = given != nullptr ? given : "";
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (name.size() < 2 || (name[0] != '/' && name[0] != '@') || name.size() >= sizeof to.sun_path) return false;
  std::memcpy(to.sun_path, name.data(), name.size());
  if (name[0] == '@') to.sun_path[0] = '\0';  // an abstract name
  const int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s < 0) return false;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const auto sent = sendto(s, lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), length);
  close(s);
  return sent == static_cast<ssize_t>(lines.size());
}

}  // namespace coreldove::runtime
