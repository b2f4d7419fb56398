#include "runtime/service_manager.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace coreldove::runtime {
namespace {

/// A service manager's socket of that name ('@': an abstract one), which NOTIFY_SOCKET points at.
class manager {
public:
  explicit manager(const std::string& name) : name_(name), socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') at.sun_path[0] = '\0';
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&at), static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())), 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~manager() {
    close(socket_);
    unsetenv("NOTIFY_SOCKET");
    if (name_[0] == '/') unlink(name_.c_str());
  }
  std::string heard() const {
    std::array<char, 200> text{};
    const auto n = recv(socket_, text.data(), text.size(), 0);
    return n < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(n));
  }

private:
  std::string name_;
  int socket_;
};

TEST(ServiceManager, IsToldOverItsSocketByPathOrAbstractName) {
  for (const auto& name : {"/tmp/coreldove-notify-" + std::to_string(getpid()), "@coreldove-notify-" + std::to_string(getpid())}) {
    const manager m(name);
    EXPECT_TRUE(notify_service_manager("READY=1\nSTATUS=listening"));
    EXPECT_EQ(m.heard(), "READY=1\nSTATUS=listening");
  }
}

TEST(ServiceManager, IsNoMatterWhereThereIsNoneOrItsNameIsNone) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_FALSE(notify_service_manager("READY=1"));
  for (const auto& name : {std::string{}, std::string{"@"}, std::string{"relative"}, std::string{"/nowhere/at/all"}, "/" + std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    EXPECT_FALSE(notify_service_manager("READY=1")) << name;
  }
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace coreldove::runtime
