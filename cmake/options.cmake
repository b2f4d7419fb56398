# Warnings are errors; the build is hardened; ASan+UBSan or TSan on request.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fstack-protector-strong)
add_compile_definitions(_GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-Wl,-z,relro,-z,now)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# g++ 12 takes std::variant and std::optional that are empty for uninitialised ones as soon as it optimises.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -Wno-maybe-uninitialized")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

# -fsanitize=vptr: aborts inside Debian's fmt, which is built without type information for it.
if(CORELDOVE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,vptr -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(CORELDOVE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -Wno-tsan)  # Asio has fences, which g++ warns of
  add_link_options(-fsanitize=thread)
endif()
