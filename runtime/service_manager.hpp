#pragma once
// Tells systemd, or what else set NOTIFY_SOCKET, how the service is: sd_notify(3), which is one datagram of text.
#include <string_view>

namespace coreldove::runtime {

/// Lines such as "READY=1" or "STATUS=…". False where nobody wants to know (NOTIFY_SOCKET is not set) or it could not be told; the service goes on either way.
bool notify_service_manager(std::string_view lines);

}  // namespace coreldove::runtime
