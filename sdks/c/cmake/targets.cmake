# Makes the targets of commy from `commy_INCLUDE_DIR` and `commy_LIBRARY_DIR`:
#
#   commy::ffi   the native library, which both languages link
#   commy::cpp   the headers of C++, if they are there
#   commy::c     the header of C, if it is there

include(CMakeFindDependencyMacro)

if(NOT TARGET commy::ffi)
  add_library(commy::ffi SHARED IMPORTED GLOBAL)
  set(commy_LIBRARY ${commy_LIBRARY_DIR}/${CMAKE_SHARED_LIBRARY_PREFIX}commy_ffi${CMAKE_SHARED_LIBRARY_SUFFIX})
  if(NOT EXISTS ${commy_LIBRARY})
    message(FATAL_ERROR "commy: there is no native library ${commy_LIBRARY}")
  endif()
  if(WIN32)
    set_target_properties(commy::ffi PROPERTIES
      IMPORTED_LOCATION ${commy_LIBRARY}
      IMPORTED_IMPLIB ${commy_LIBRARY}.lib)
  else()
    # Programs find it by its name and their run path, wherever it was when they were linked.
    set_target_properties(commy::ffi PROPERTIES
      IMPORTED_LOCATION ${commy_LIBRARY}
      IMPORTED_NO_SONAME TRUE)
  endif()
endif()

if(EXISTS ${commy_INCLUDE_DIR}/commy/commy.hpp AND NOT TARGET commy::cpp)
  find_dependency(Threads)
  find_dependency(nlohmann_json 3.10)
  add_library(commy::cpp INTERFACE IMPORTED GLOBAL)
  target_include_directories(commy::cpp INTERFACE ${commy_INCLUDE_DIR})
  target_compile_features(commy::cpp INTERFACE cxx_std_20)
  target_link_libraries(commy::cpp INTERFACE commy::ffi nlohmann_json::nlohmann_json Threads::Threads)
endif()

if(EXISTS ${commy_INCLUDE_DIR}/commy.h AND NOT TARGET commy::c)
  add_library(commy::c INTERFACE IMPORTED GLOBAL)
  target_include_directories(commy::c INTERFACE ${commy_INCLUDE_DIR})
  target_link_libraries(commy::c INTERFACE commy::ffi)
endif()
