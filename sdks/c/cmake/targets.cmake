# Makes the targets of commy from `commy_INCLUDE_DIR` and `commy_LIBRARY_DIR`:
#
#   commy::ffi   the native library
#   commy::c     the header of C

if(NOT TARGET commy::ffi)
  set(commy_LIBRARY ${commy_LIBRARY_DIR}/${CMAKE_SHARED_LIBRARY_PREFIX}commy_ffi${CMAKE_SHARED_LIBRARY_SUFFIX})
  if(NOT EXISTS ${commy_LIBRARY})
    message(FATAL_ERROR "commy: there is no native library ${commy_LIBRARY}")
  endif()
  add_library(commy::ffi SHARED IMPORTED GLOBAL)
  set_target_properties(commy::ffi PROPERTIES IMPORTED_LOCATION ${commy_LIBRARY})
  if(WIN32)
    set_target_properties(commy::ffi PROPERTIES IMPORTED_IMPLIB ${commy_LIBRARY}.lib)
  else()
    # Programs find it by its name and their run path, wherever it was when they were linked.
    set_target_properties(commy::ffi PROPERTIES IMPORTED_NO_SONAME TRUE)
  endif()
endif()

if(NOT TARGET commy::c)
  add_library(commy::c INTERFACE IMPORTED GLOBAL)
  target_include_directories(commy::c INTERFACE ${commy_INCLUDE_DIR})
  target_link_libraries(commy::c INTERFACE commy::ffi)
endif()
