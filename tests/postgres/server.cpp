#include "tests/postgres/server.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "persistence/postgres/connection.hpp"

namespace coreldove::postgres_test {
namespace {

void server(const char* what, const std::filesystem::path& folder) {
  const auto command = fmt::format("{}/tests/postgres/server.sh {} {}", CORELDOVE_SOURCE_DIR, what, folder.string());
  if (const int status = std::system(command.c_str()); !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(command + " failed; what it said stands above");
}

std::string address_in(const std::filesystem::path& folder, const std::string& database) {
  return fmt::format("postgresql://coreldove@/{}?host={}", database, folder.string());
}

std::string shared_address(const std::string& database) {
  if (const char* folder = std::getenv("CORELDOVE_TEST_POSTGRES"); folder != nullptr && *folder != '\0') return address_in(folder, database);
  static const own_server one;
  return one.address(database);
}

}  // namespace

own_server::own_server() {
  auto name = (std::filesystem::temp_directory_path() / "coreldove-pg-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
  start();
}

own_server::~own_server() {
  try {
    server("stop", folder_);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
  }
}

void own_server::crash() { server("crash", folder_); }
void own_server::start() { server("start", folder_); }
std::string own_server::address(const std::string& database) const { return address_in(folder_, database); }

fresh_database::fresh_database() {
  static std::atomic<unsigned> made{0};
  name_ = fmt::format("test_{}_{}", getpid(), ++made);
  address_ = shared_address(name_);
  run_sql(shared_address("postgres"), "CREATE DATABASE " + name_);
}

fresh_database::~fresh_database() {
  try {
    run_sql(shared_address("postgres"), fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
  }
}

void run_sql(const std::string& address, const std::string& sql) { persistence::postgres::connection(address, {}).run(sql); }

}  // namespace coreldove::postgres_test
