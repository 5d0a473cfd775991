# One flavour of flags for every target of ours, ccache when it is there, and the two functions
# that the tree is written in: spillway_layer() and spillway_test().

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness is what makes precompiled headers cacheable (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      # A fresh clone in another folder finds what this one compiled.
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE})
endif()
find_program(MOLD mold)

add_library(spillway_flags INTERFACE)
target_include_directories(spillway_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(spillway_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-align -Woverloaded-virtual
  -Wswitch-enum -Wimplicit-fallthrough -fno-omit-frame-pointer -fpch-preprocess)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 14 needs to be told to accept GCC's spelling.
  target_compile_options(spillway_flags INTERFACE -Wno-ignored-optimization-argument -Wno-unused-command-line-argument)
endif()
if(SPILLWAY_WERROR)
  target_compile_options(spillway_flags INTERFACE -Werror)
endif()
target_compile_definitions(spillway_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB SPILLWAY_VERSION="${PROJECT_VERSION}")
if(SPILLWAY_SANITIZE)
  target_compile_options(spillway_flags INTERFACE -fsanitize=${SPILLWAY_SANITIZE} -fno-sanitize-recover=all -O1 -g1)
  target_link_options(spillway_flags INTERFACE -fsanitize=${SPILLWAY_SANITIZE})
  if(SPILLWAY_SANITIZE MATCHES "thread")
    # Its preset does not make errors of warnings: the instrumentation makes GCC see what is not
    # there, and the same code is compiled with -Werror in every other preset.
    # GCC warns about the fences inside Asio; they are correct (house plan, 6.3). Its instrumentation
    # also hides from it that an optional was looked at first.
    target_compile_options(spillway_flags INTERFACE -Wno-tsan -Wno-maybe-uninitialized)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(spillway_flags INTERFACE -O0 -g1)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(spillway_flags INTERFACE -O2 -g1)
endif()
if(MOLD AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(spillway_flags INTERFACE -fuse-ld=mold)
endif()
target_link_libraries(spillway_flags INTERFACE Threads::Threads)

# spillway_layer(NAME SOURCES a.cpp ... DEPENDS base ... LIBS PkgConfig::X ... [PCH header])
# A folder of the layer table as a static library `spillway_NAME`.
function(spillway_layer NAME)
  cmake_parse_arguments(L "" "PCH" "SOURCES;DEPENDS;LIBS" ${ARGN})
  add_library(spillway_${NAME} STATIC ${L_SOURCES})
  target_link_libraries(spillway_${NAME} PUBLIC spillway_flags ${L_LIBS})
  foreach(dependency ${L_DEPENDS})
    target_link_libraries(spillway_${NAME} PUBLIC spillway_${dependency})
  endforeach()
  if(L_PCH)
    target_precompile_headers(spillway_${NAME} PRIVATE ${L_PCH})
  endif()
endfunction()

# spillway_test(LAYER SOURCES a_test.cpp ... [DEPENDS layer ...])   -> executable unit_LAYER, one ctest per TEST
function(spillway_test NAME)
  cmake_parse_arguments(T "" "" "SOURCES;DEPENDS;LIBS" ${ARGN})
  add_executable(unit_${NAME} ${T_SOURCES})
  target_link_libraries(unit_${NAME} PRIVATE spillway_${NAME} spillway_source_dir GTest::gmock_main ${T_LIBS})
  target_include_directories(unit_${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  if(SPILLWAY_SANITIZE MATCHES "thread")
    # GCC 12's instrumentation makes it see short strings overrun in libstdc++'s own code.
    target_compile_options(unit_${NAME} PRIVATE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
  endif()
  foreach(dependency ${T_DEPENDS})
    target_link_libraries(unit_${NAME} PRIVATE spillway_${dependency})
  endforeach()
  target_precompile_headers(unit_${NAME} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  gtest_discover_tests(unit_${NAME} TEST_PREFIX "${NAME}/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
