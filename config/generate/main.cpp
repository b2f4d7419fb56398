// Writes the pages that are made from the option table: settings_pages ROOT.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "config/option.hpp"

namespace {

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "cannot write {}\n", path);
  return file.good();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} ROOT\n", argv[0]);
    return 2;
  }
  const std::string root = argv[1];
  const bool written =
      write_file(root + "/.env.example", coreldove::config::env_example()) && write_file(root + "/docs/settings.md", coreldove::config::settings_page());
  return written ? 0 : 1;
}
