#pragma once
// A server that runs under the interposer (tests/interposer), and the switches for it.
#include <filesystem>

#include "tests/interposer/control.hpp"
#include "tests/program/program.hpp"

namespace coreldove::faults_test {

class interposed {
public:
  /// Keeps its page in a file in `folder`.
  explicit interposed(const std::filesystem::path& folder);
  ~interposed();
  interposed(const interposed&) = delete;
  interposed& operator=(const interposed&) = delete;

  interposer::control* operator->() const { return page_; }
  /// What the server has to be started with.
  program_test::environment variables() const;

private:
  std::filesystem::path file_;
  interposer::control* page_;
};

}  // namespace coreldove::faults_test
