#pragma once
// PostgreSQL for tests. ctest starts one server for all of them (its folder is in CORELDOVE_TEST_POSTGRES); a test binary that is run by hand starts its own.
#include <filesystem>
#include <string>

namespace coreldove::postgres_test {

/// A server in a temporary folder of its own, until the end of its life.
class own_server {
public:
  /// Throws std::runtime_error with what the server said where it does not start.
  own_server();
  ~own_server();
  own_server(const own_server&) = delete;
  own_server& operator=(const own_server&) = delete;

  /// Ends all its processes at once, as they are.
  void crash();
  void start();
  std::string address(const std::string& database) const;

private:
  std::filesystem::path folder_;
};

/// A new, empty database on the server that tests share; dropped at the end.
class fresh_database {
public:
  fresh_database();
  ~fresh_database();
  fresh_database(const fresh_database&) = delete;
  fresh_database& operator=(const fresh_database&) = delete;
  const std::string& address() const { return address_; }

private:
  std::string name_, address_;
};

/// Runs statements without parameters there.
void run_sql(const std::string& address, const std::string& sql);

}  // namespace coreldove::postgres_test
