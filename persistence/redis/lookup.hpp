#pragma once
// A host's numeric address, looked up in a bounded time: the C library's own look-up waits for half a minute where no name server answers.
#include <chrono>
#include <functional>
#include <string>

namespace coreldove::persistence::redis {

/// The `turn`-th of its addresses, counted round, IPv4 first: the next try may take another one. Throws fault where the name is not known, or not within
/// `at_most`, or `enough` says that nobody wants to know any more.
std::string numeric_address(const std::string& host, unsigned turn, std::chrono::milliseconds at_most, const std::function<bool()>& enough);

}  // namespace coreldove::persistence::redis
