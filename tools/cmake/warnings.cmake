# Every target of ours links autoheal_warnings; a warning is an error with both compilers, but not within the project of
# somebody else, whose compiler may be another one.
add_library(autoheal_warnings INTERFACE)
target_compile_options(autoheal_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(autoheal_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own library once it has inlined deeply (GCC bugs 105329, 105651).
  target_compile_options(autoheal_warnings INTERFACE
    -Wno-mismatched-new-delete -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  if(AUTOHEAL_SANITIZE MATCHES "thread")
    # Asio fences; g++ cannot follow them under the thread sanitizer and says so.
    target_compile_options(autoheal_warnings INTERFACE -Wno-tsan)
  endif()
endif()
# All presets but dev and clang compile several files as one, which takes a fifth of the time; what is private to one
# file is then seen by the next. Who compiles file by file has these warnings on.
target_compile_options(autoheal_warnings INTERFACE $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(autoheal_warnings INTERFACE $<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-subobject-linkage>)
endif()
