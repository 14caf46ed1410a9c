# The libraries for programs of others: find_package(Autoheal COMPONENTS engine store workflows), pkg-config
# autoheal-engine and so on. Each component is an export of its own, so that who takes the engine alone needs nothing of
# what the others need.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(AUTOHEAL_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Autoheal)
set(AUTOHEAL_HEADER_MARK "Only[ \n/]+the[ \n/]+store[ \n/]+includes[ \n/]+this[ \n/]+header")

# The headers of a folder for others: all but those that are the store's own.
function(autoheal_install_headers folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/${folder}/*.hpp)
  list(FILTER headers EXCLUDE REGEX "^workflows/testing/")  # stands on a library that is not installed
  foreach(header ${headers})
    file(READ ${PROJECT_SOURCE_DIR}/${header} text)
    if(NOT text MATCHES "${AUTOHEAL_HEADER_MARK}")
      cmake_path(GET header PARENT_PATH place)
      install(FILES ${PROJECT_SOURCE_DIR}/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/autoheal/${place}
        COMPONENT devel)
    endif()
  endforeach()
endfunction()

# Where something installed lies, told from ${prefix} of a pkg-config file, which moves with its folder.
function(autoheal_below_prefix variable folder)
  cmake_path(IS_ABSOLUTE folder absolute)
  if(absolute)
    set(${variable} ${folder} PARENT_SCOPE)
  else()
    set(${variable} "\${prefix}/${folder}" PARENT_SCOPE)
  endif()
endfunction()

# autoheal_component(NAME DESCRIPTION text [FLAGS compiler flags] [REQUIRES modules] [PRIVATE_REQUIRES modules]
#                    [PRIVATE_LIBRARIES linker flags])
# For the target autoheal_NAME; modules are those of pkg-config. Users of a static library link what is private, too.
function(autoheal_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESCRIPTION;FLAGS" "REQUIRES;PRIVATE_REQUIRES;PRIVATE_LIBRARIES")
  set(target autoheal_${name})
  add_library(Autoheal::${name} ALIAS ${target})
  # While the major version is 0, each minor version may change what is in the headers, and with it the binary form.
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME autoheal-${name}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${target} PUBLIC cxx_std_23)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  if(NOT AUTOHEAL_INSTALL)
    return()
  endif()
  install(TARGETS ${target} EXPORT Autoheal-${name}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT devel
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT devel)
  install(EXPORT Autoheal-${name} NAMESPACE Autoheal:: FILE Autoheal-${name}.cmake DESTINATION ${AUTOHEAL_CONFIG_DIR}
    COMPONENT devel)
  autoheal_install_headers(${name})

  set(libraries "")
  get_target_property(kind ${target} TYPE)
  if(kind STREQUAL "STATIC_LIBRARY")
    list(APPEND arg_REQUIRES ${arg_PRIVATE_REQUIRES})
    set(arg_PRIVATE_REQUIRES "")
    set(libraries ${arg_PRIVATE_LIBRARIES})
    set(arg_PRIVATE_LIBRARIES "")
  endif()
  list(JOIN arg_REQUIRES ", " requires)
  list(JOIN arg_PRIVATE_REQUIRES ", " private_requires)
  list(JOIN libraries " " libraries)
  list(JOIN arg_PRIVATE_LIBRARIES " " private_libraries)
  cmake_path(APPEND pc_folder "${CMAKE_INSTALL_LIBDIR}" pkgconfig)
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
    OUTPUT_VARIABLE up_to_prefix)
  autoheal_below_prefix(pc_libdir "${CMAKE_INSTALL_LIBDIR}")
  autoheal_below_prefix(pc_includedir "${CMAKE_INSTALL_INCLUDEDIR}")
  configure_file(${PROJECT_SOURCE_DIR}/tools/packaging/autoheal-component.pc.in
    ${PROJECT_BINARY_DIR}/packaging/autoheal-${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/packaging/autoheal-${name}.pc DESTINATION ${pc_folder} COMPONENT devel)
endfunction()

# Once, after the components.
function(autoheal_install_config)
  get_target_property(kind autoheal_engine TYPE)
  string(COMPARE EQUAL "${kind}" STATIC_LIBRARY autoheal_is_static)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/tools/packaging/AutohealConfig.cmake.in
    ${PROJECT_BINARY_DIR}/packaging/AutohealConfig.cmake INSTALL_DESTINATION ${AUTOHEAL_CONFIG_DIR}
    NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/packaging/AutohealConfigVersion.cmake
    COMPATIBILITY SameMajorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/packaging/AutohealConfig.cmake
    ${PROJECT_BINARY_DIR}/packaging/AutohealConfigVersion.cmake DESTINATION ${AUTOHEAL_CONFIG_DIR} COMPONENT devel)
endfunction()

# The program and what belongs to it. Units name the program by the place where it is now being installed.
function(autoheal_install_program)
  install(TARGETS autoheal RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
  get_target_property(kind autoheal_engine TYPE)
  if(kind STREQUAL "SHARED_LIBRARY")
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_FULL_BINDIR}
      OUTPUT_VARIABLE to_libraries)
    set_target_properties(autoheal PROPERTIES INSTALL_RPATH "$ORIGIN/${to_libraries}")
  endif()
  file(GLOB units CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/packaging/*.service
    ${PROJECT_SOURCE_DIR}/tools/packaging/*.socket)
  install(CODE "set(AUTOHEAL_UNITS \"${units}\")\nset(AUTOHEAL_BINDIR \"${CMAKE_INSTALL_BINDIR}\")" COMPONENT runtime)
  install(SCRIPT ${PROJECT_SOURCE_DIR}/tools/cmake/install_units.cmake COMPONENT runtime)
  set(packaging ${PROJECT_SOURCE_DIR}/tools/packaging)
  install(FILES ${packaging}/prometheus/autoheal.rules.yml DESTINATION ${CMAKE_INSTALL_DATADIR}/autoheal/prometheus
    COMPONENT runtime)
  install(DIRECTORY ${packaging}/grafana DESTINATION ${CMAKE_INSTALL_DATADIR}/autoheal COMPONENT runtime)
  install(FILES README.md CHANGELOG.md LICENSE SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT runtime FILES_MATCHING PATTERN *.md
    PATTERN *.svg PATTERN example EXCLUDE)
  install(DIRECTORY docs/example DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT devel)
endfunction()
