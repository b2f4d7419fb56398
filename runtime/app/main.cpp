#ifdef CORELDOVE_MIMALLOC
#include <mimalloc.h>
#endif

#include "runtime/app/cli.hpp"

namespace {

/// To get a page from the system costs more than all else that an order allocates. So memory comes in large pages where the system has them, and goes back
/// after ten seconds without use; the library's own default, a hundredth of a second, gives back between two commits what the next one needs.
void keep_memory_for_a_while() {
#ifdef CORELDOVE_MIMALLOC
  mi_option_enable(mi_option_large_os_pages);
  mi_option_set(mi_option_decommit_delay, 10'000);  // milliseconds
#endif
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory_for_a_while();
  return coreldove::app::run_command_line(argc, argv);
}
