# coreldove_embed(TARGET FILE FUNCTION HEADER): the text of FILE becomes what FUNCTION, declared in HEADER (namespace coreldove::config), returns.
function(coreldove_embed target file function header)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
  file(READ ${CMAKE_SOURCE_DIR}/${file} text)
  set(generated ${CMAKE_BINARY_DIR}/generated/${file}.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"#include \"@header@\"

std::string_view coreldove::config::@function@() { return R\"embedded(@text@)embedded\"; }
")
  target_sources(${target} PRIVATE ${generated})
endfunction()
