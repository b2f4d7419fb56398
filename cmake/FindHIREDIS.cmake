# libhiredis-dev ships no CMake files.
find_path(HIREDIS_INCLUDE_DIR hiredis/hiredis.h)
find_library(HIREDIS_LIBRARY hiredis)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(HIREDIS REQUIRED_VARS HIREDIS_LIBRARY HIREDIS_INCLUDE_DIR)
if(HIREDIS_FOUND AND NOT TARGET HIREDIS::hiredis)
  add_library(HIREDIS::hiredis UNKNOWN IMPORTED)
  set_target_properties(HIREDIS::hiredis PROPERTIES IMPORTED_LOCATION "${HIREDIS_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${HIREDIS_INCLUDE_DIR}")
endif()
