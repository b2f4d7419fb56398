#include "runtime/app/cli.hpp"

int main(int argc, char** argv) { return coreldove::app::run_command_line(argc, argv); }
