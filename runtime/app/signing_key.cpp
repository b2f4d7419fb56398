#include "runtime/app/signing_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace coreldove::app {
namespace {

constexpr std::size_t key_bytes = 32;  // 256 bits, as RFC 7518 asks for HS256

void write_private_file(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const bool written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  const int why = errno;
  if (file >= 0) ::close(file);
  if (!written) throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(why)));
}

std::string read_key(const std::string& path) {
  std::ifstream file{path};
  std::string key;
  file >> key;
  if (key.size() < key_bytes) throw std::runtime_error(fmt::format("{} holds no key of {} bytes or more", path, key_bytes));
  return key;
}

}  // namespace

std::string random_key() {
  std::array<unsigned char, key_bytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("no random numbers for a key");
  std::string out;
  for (const auto b : bytes) out += fmt::format("{:02x}", b);
  return out;
}

std::string signing_key(const config::settings& s) {
  if (!s.jwt_secret_key.empty()) return s.jwt_secret_key;
  namespace fs = std::filesystem;
  fs::create_directories(s.data_dir);
  const auto path = fs::path{s.data_dir} / "jwt.key";
  if (!fs::exists(path)) {
    // Written aside and linked into place: of two first starts at once one wins, and nobody reads half a key.
    const auto draft = fmt::format("{}.{}", path.string(), ::getpid());
    write_private_file(draft, random_key() + "\n");
    const int linked = ::link(draft.c_str(), path.c_str());
    const int why = errno;
    ::unlink(draft.c_str());
    if (linked != 0 && why != EEXIST) throw std::runtime_error(fmt::format("cannot write {}: {}", path.string(), std::strerror(why)));
  }
  return read_key(path.string());
}

}  // namespace coreldove::app
