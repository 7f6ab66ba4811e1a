# Installs what C needs beside the native library: its header, and what pkg-config finds.

set(commy_C_DIR ${CMAKE_CURRENT_LIST_DIR})
if(EXISTS ${commy_C_DIR}/include/commy.h)
  install(FILES ${commy_C_DIR}/include/commy.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  configure_file(${commy_C_DIR}/cmake/commy.pc.in ${CMAKE_CURRENT_BINARY_DIR}/commy.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/commy.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
