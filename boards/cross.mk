# Programs for ARMv7 boards (Cortex-A8, A9), built here. Included by the Makefile.
#   make board [BOARD_UBOOTENV=yes]   firmverify, static: build/board/firmverify (docs/board-build.md)
#   make packer-arm                   firmpack, for tests
# Debian's armhf packages and source packages are unpacked beneath build/, and nothing is installed.
BOARD_CROSS = arm-linux-gnueabihf-
# yes: with `boot uboot-env', by libubootenv.
BOARD_UBOOTENV = no
board_limit = 393216
board_dir = $(BUILD)/board
board_root = $(board_dir)/sysroot
board_debs = musl-dev linux-libc-dev source:libsodium source:libdeflate $(if $(filter yes,$(BOARD_UBOOTENV)),libubootenv-dev)
board_sodium_headers = $(board_root)/libsodium/src/libsodium/include/sodium
board_unpacked = $(board_root)/.unpacked-$(BOARD_UBOOTENV)

# musl's headers in the place of the cross compiler's, the kernel's behind all others, and what musl 1.2.3 lacks before the first line.
board_headers = -nostdinc -isystem $(board_root)/usr/include/arm-linux-musleabihf \
	-isystem $(shell $(BOARD_CROSS)gcc -print-file-name=include 2>/dev/null) -isystem $(dir $(board_sodium_headers)) \
	-isystem $(board_root)/libdeflate \
	-idirafter $(board_root)/usr/include -idirafter $(board_root)/usr/include/arm-linux-gnueabihf -include boards/musl/missing.h
# Each flag is accounted for in docs/board-build.md.
board_cflags = -march=armv7-a+fp -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -fstack-clash-protection \
	-ftrivial-auto-var-init=zero -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(board_dir)=board $(board_headers)
# musl's ioctl takes an int.
board_own_cflags = -Os -g -flto=auto $(board_cflags) -Wno-sign-conversion
# libsodium's object that verifies calls one function of the object that signs. Called as it is there, without a prehash, that function
# does what crypto_hash_sha512_init does; with this in its place, what signs stays out. What libsodium readies when it starts and nobody
# here uses stays out, too: it readies BLAKE2b once more instead.
board_ldflags = -nostdlib -nostartfiles -static -no-pie -Wl,-pie,--no-dynamic-linker,-z,text,-z,noexecstack,-z,separate-code \
	-Wl,-z,max-page-size=4096,--build-id=none,--defsym=_crypto_sign_ed25519_ref10_hinit=crypto_hash_sha512_init \
	$(foreach f,$(board_unused),-Wl,--defsym=_crypto_$(f)_pick_best_implementation=_crypto_generichash_blake2b_pick_best_implementation) \
	$(board_crt)/rcrt1.o $(board_crt)/crti.o
board_unused = pwhash_argon2 scalarmult_curve25519 stream_chacha20 stream_salsa20 onetimeauth_poly1305
board_crt = $(board_root)/usr/lib/arm-linux-musleabihf
board_archives = $(addprefix $(board_dir)/,libmissing.a libsodium.a libdeflate.a)
board_libs = $(if $(filter yes,$(BOARD_UBOOTENV)),$(board_dir)/libubootenv.a) $(board_archives) \
	-L$(board_crt) -Wl,--start-group -lc -lgcc -Wl,--end-group $(board_crt)/crtn.o

# A sysroot that was unpacked halfway, or from another list, goes first.
$(board_unpacked): tests/arm-debs boards/cross.mk
	rm -rf $(board_root)
	tests/arm-debs $(board_root) $(board_debs)
	touch $@

# --- the libraries, of the sources of Debian, security patches included: only what verifies, hashes and inflates ---
# libsodium without its ways to ask for randomness: a verifier needs none, and crypto_init_verify says so.
board_sodium = crypto_core/ed25519/ref10/ed25519_ref10 crypto_generichash/blake2b/generichash_blake2 \
	$(addprefix crypto_generichash/blake2b/ref/,blake2b-compress-ref blake2b-ref generichash_blake2b) \
	crypto_hash/sha512/cp/hash_sha512_cp crypto_sign/ed25519/ref10/open crypto_verify/sodium/verify \
	randombytes/randombytes sodium/codecs sodium/core sodium/runtime sodium/utils
# What its configure script finds here.
board_sodium_flags = -O2 -std=gnu99 -DCONFIGURED=1 -DMINIMAL=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_WEAK_SYMBOLS=1 -DHAVE_EXPLICIT_BZERO=1 \
	-DHAVE_PTHREAD=1 -DHAVE_C11_MEMORY_FENCES=1 -DHAVE_GCC_MEMORY_FENCES=1 -DHAVE_INLINE_ASM=1 \
	-DRANDOMBYTES_CUSTOM_IMPLEMENTATION -DRANDOMBYTES_DEFAULT_IMPLEMENTATION=NULL \
	-I$(board_sodium_headers)
board_deflate = utils crc32 deflate_decompress gzip_decompress arm/cpu_features
# Debian's own libdeflate.a is built by a profile; -O3 in ARM code makes up for that.
board_deflate_flags = -O3 -marm -std=c99 -D_ANSI_SOURCE -I$(board_root)/libdeflate

board_objects = $(patsubst %,$(board_dir)/$(1)/%.o,$(2))
$(board_dir)/libsodium/%.o: $(board_sodium_headers)/version.h
	@mkdir -p $(@D)
	$(BOARD_CROSS)gcc $(board_cflags) $(board_sodium_flags) -c -o $@ $(board_root)/libsodium/src/libsodium/$*.c
$(board_sodium_headers)/version.h: $(board_unpacked)
	cd $(board_root)/libsodium && sed "s/@VERSION@/$$(sed -n 's/^AC_INIT(\[libsodium\],\[\(.*\)\],/\1/p' configure.ac)/; \
		s/@SODIUM_LIBRARY_VERSION_MAJOR@/$$(sed -n 's/^SODIUM_LIBRARY_VERSION_MAJOR=//p' configure.ac)/; \
		s/@SODIUM_LIBRARY_VERSION_MINOR@/$$(sed -n 's/^SODIUM_LIBRARY_VERSION_MINOR=//p' configure.ac)/; \
		s/@SODIUM_LIBRARY_MINIMAL_DEF@/#define SODIUM_LIBRARY_MINIMAL 1/" \
		src/libsodium/include/sodium/version.h.in >src/libsodium/include/sodium/version.h
$(board_dir)/libdeflate/%.o: $(board_unpacked)
	@mkdir -p $(@D)
	$(BOARD_CROSS)gcc $(board_cflags) $(board_deflate_flags) -c -o $@ $(board_root)/libdeflate/lib/$*.c
$(board_dir)/libmissing/%.o: boards/musl/%.c boards/musl/missing.h $(board_unpacked)
	@mkdir -p $(@D)
	$(BOARD_CROSS)gcc $(board_cflags) -Os -std=c17 -Wall -Wextra -I. -c -o $@ $<
$(board_dir)/libsodium.a: $(call board_objects,libsodium,$(board_sodium))
$(board_dir)/libdeflate.a: $(call board_objects,libdeflate,$(board_deflate))
$(board_dir)/libmissing.a: $(call board_objects,libmissing,renameat2 relro $(if $(filter yes,$(BOARD_UBOOTENV)),ubootenv))
$(board_archives):
	rm -f $@ $(board_dir)/obj/firmverify
	$(BOARD_CROSS)gcc-ar rcsD $@ $^
# Debian's own, for glibc: what it takes of glibc is in boards/musl/ubootenv.c, two of them under names of their own.
$(board_dir)/libubootenv.a: $(board_unpacked)
	$(BOARD_CROSS)objcopy --redefine-sym lseek=ubootenv_lseek --redefine-sym stat=ubootenv_stat \
		$(board_root)/usr/lib/arm-linux-gnueabihf/libubootenv.a $@

# --- the program: one over the limit is not left behind; one that is as it was is left alone, for whoever runs it meanwhile ---
board_program = $(board_dir)/firmverify
board_make = $(MAKE) BUILD=$(board_dir)/obj SAN= DEFLATE=libdeflate UBOOTENV=$(BOARD_UBOOTENV) HARDEN= FORTIFY=2 CC=$(BOARD_CROSS)gcc AR=$(BOARD_CROSS)gcc-ar \
	CPPFLAGS= CFLAGS='$(board_own_cflags)' LDFLAGS='$(board_ldflags)' firmverify_libs= core_libs='$(board_libs)' $(board_dir)/obj/firmverify
board:
	@mkdir -p $(board_dir)
	+flock $(board_dir)/lock $(MAKE) --no-print-directory board-program
board-program: $(board_archives) $(if $(filter yes,$(BOARD_UBOOTENV)),$(board_dir)/libubootenv.a)
	@echo '$(subst ','\'',$(board_make))' | cmp -s - $(board_dir)/how || rm -rf $(board_dir)/obj
	@mkdir -p $(board_dir)/obj
	@echo '$(subst ','\'',$(board_make))' >$(board_dir)/how
	+$(board_make) || { rm -f $(board_program); exit 1; }
	$(BOARD_CROSS)strip -o $(board_program).new $(board_dir)/obj/firmverify
	@size=$$(wc -c <$(board_program).new); echo "$(board_program): $$size bytes"; \
		[ $$size -le $(board_limit) ] || { rm -f $(board_program); echo "that is over $(board_limit)" >&2; exit 1; }
	@if cmp -s $(board_program).new $(board_program); then rm $(board_program).new; else mv $(board_program).new $(board_program); fi

# --- firmpack for 32-bit ARM, with Debian's armhf libraries beside it: tests compare its bundles with this machine's ---
#   qemu-arm-static -L build/arm/sysroot build/arm/firmpack
arm_dir = $(BUILD)/arm
arm_root = $(abspath $(arm_dir)/sysroot)
arm_packages = libc6 libc6-dev linux-libc-dev libgcc-s1 libstdc++6 libsodium23 libsodium-dev libdeflate0 libdeflate-dev zlib1g zlib1g-dev \
	libjansson4 libjansson-dev libarchive13 libarchive-dev libacl1 libbz2-1.0 liblz4-1 liblz4-dev liblzma5 libnettle8 libxml2 libicu72 libzstd1
packer-arm:
	@mkdir -p $(arm_dir)
	+flock $(arm_dir)/lock $(MAKE) --no-print-directory $(arm_dir)/firmpack
$(arm_root)/usr/include/archive.h: tests/arm-debs
	tests/arm-debs $(arm_root) $(arm_packages)
	touch $@
$(arm_dir)/firmpack: $(arm_root)/usr/include/archive.h FORCE
	$(MAKE) BUILD=$(arm_dir)/obj SAN= DEFLATE=libdeflate UBOOTENV=no CC=$(BOARD_CROSS)gcc AR=$(BOARD_CROSS)gcc-ar CPPFLAGS= \
		CFLAGS='-O2 --sysroot=$(arm_root) -B$(arm_root)/usr/lib/arm-linux-gnueabihf \
			-isystem $(arm_root)/usr/include/arm-linux-gnueabihf -isystem $(arm_root)/usr/include' \
		LDFLAGS='-L$(arm_root)/usr/lib/arm-linux-gnueabihf -Wl,-rpath-link,$(arm_root)/lib/arm-linux-gnueabihf:$(arm_root)/usr/lib/arm-linux-gnueabihf' \
		$(arm_dir)/obj/firmpack
	cp $(arm_dir)/obj/firmpack $@
FORCE:
