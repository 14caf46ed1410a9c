set(AUTOHEAL_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them (address,undefined or thread)")
if(AUTOHEAL_SANITIZE)
  add_compile_options(-fsanitize=${AUTOHEAL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AUTOHEAL_SANITIZE})
endif()
if(AUTOHEAL_SANITIZE MATCHES "address")
  # Every test starts programs, and a position-independent one of this size needs a second only to be relocated.
  add_compile_options(-fno-pie)
  add_link_options(-no-pie)
endif()
if(AUTOHEAL_SANITIZE MATCHES "undefined")
  # These look at every single access, are half of what is built and of what every start loads. What they would find,
  # the address sanitizer stops at too, but for odd alignment, where nothing of ours casts to a wider type.
  add_compile_options(-fno-sanitize=null,object-size,vptr,alignment)
endif()
