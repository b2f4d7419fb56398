#include "tests/faults/interposed.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace coreldove::faults_test {

interposed::interposed(const std::filesystem::path& folder) : file_(folder / "interposer") {
  const int file = ::open(file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool sized = file >= 0 && ::ftruncate(file, sizeof(interposer::control)) == 0;
  void* page = sized ? ::mmap(nullptr, sizeof(interposer::control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  const int error = errno;
  if (file >= 0) ::close(file);
  if (page == MAP_FAILED) throw std::system_error(error, std::generic_category(), file_.string());
  page_ = new (page) interposer::control;
}

interposed::~interposed() { ::munmap(page_, sizeof(interposer::control)); }

program_test::environment interposed::variables() const {
  // The sanitizer's own library is then not the first one, which it would refuse.
  return {{"LD_PRELOAD", INTERPOSER}, {interposer::path_variable, file_.string()}, {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

}  // namespace coreldove::faults_test
