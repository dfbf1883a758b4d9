# firmseal: one Makefile, read top to bottom.
#   make            the four programs and firmsim in build/
#   make check      all tests            make SAN=address,undefined check
#   make SAN=thread check                    data races: a race ends a program with status 66, and no test expects that
#   make lint       clang-tidy, cppcheck make fuzz [SECONDS=60]
#   make bench      against the peers    make install [DESTDIR=] [PREFIX=]
#   make board      firmverify for ARMv7 boards, static: build/board/firmverify
#   make check-cuts power cuts by the ten thousand; make check-kills, kill -9 by the thousand; make check-big, images of gigabytes
#   make check-fleet one rollout over 10,000 simulated boards
#   make check-zynq the S9's kind of board, with kernel and U-Boot from source
# Yours to set: CC, CFLAGS, CPPFLAGS, LDFLAGS (they come last), SAN, DEFLATE=zlib|libdeflate.

VERSION = 0.1.0
PREFIX = /usr/local
PKG_CONFIG = pkg-config
SAN =
SECONDS = 30
DEFLATE := $(shell $(PKG_CONFIG) --exists libdeflate 2>/dev/null && echo libdeflate || echo zlib)

# U-Boot's environment: firmverify's `boot uboot-env'. Without the library everything else works.
UBOOTENV := $(shell $(PKG_CONFIG) --exists libubootenv 2>/dev/null && echo yes || echo no)

comma := ,
BUILD = build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

# --- flags: ours first, the user's last ---
CFLAGS = -O2 -g
own_cppflags = -I. -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -DFIRMSEAL_VERSION='"$(VERSION)"' \
	$(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) $(if $(filter libdeflate,$(DEFLATE)),-DHAVE_LIBDEFLATE) \
	$(if $(filter yes,$(UBOOTENV)),-DHAVE_LIBUBOOTENV)
own_cflags = -std=c17 -pthread -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wundef -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -fstack-protector-strong -fPIE \
	-ffile-prefix-map=$(CURDIR)=. -ffunction-sections -fdata-sections \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
own_ldflags = -pie -pthread -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now $(if $(SAN),-fsanitize=$(SAN))

core_libs = -lsodium $(if $(filter libdeflate,$(DEFLATE)),-ldeflate,-lz)
firmkey_libs =
firmpack_libs = -larchive -ljansson
ubootenv_libs = $(if $(filter yes,$(UBOOTENV)),-lubootenv -lz)
firmverify_libs = $(ubootenv_libs)
firmflash_libs = -ljansson -lsqlite3 -lblkid
firmsim_libs = -lz

# --- what is made of what: programs -> keys, boards -> core ---
programs = firmkey firmpack firmverify firmflash firmsim
firmkey_dir = keys
firmpack_dir = packer
firmverify_dir = verifier
firmflash_dir = flasher
firmsim_dir = simulator
firmkey_rooms = keys core
firmpack_rooms = packer keys core
firmverify_rooms = verifier boards core
firmflash_rooms = flasher boards core
firmsim_rooms = simulator boards core
rooms = core keys boards packer verifier flasher simulator

sources = $(sort $(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
lib_sources = $(filter-out %/main.c $(1)/cmd_%,$(call sources,$(1)))
program_sources = $(filter %/main.c $(1)/cmd_%,$(call sources,$(1)))
archive = $(BUILD)/lib$(1).a

all: $(addprefix $(BUILD)/,$(programs))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(own_cppflags) $(own_cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define room_rules
$$(call archive,$(1)): $$(call objects,$$(call lib_sources,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcsD $$@ $$^
endef
$(foreach room,$(rooms),$(eval $(call room_rules,$(room))))

define program_rules
$$(BUILD)/$(1): $$(call objects,$$(call program_sources,$$($(1)_dir))) $$(foreach r,$$($(1)_rooms),$$(call archive,$$(r)))
	$$(CC) $$(own_ldflags) $$(CFLAGS) $$(LDFLAGS) -Wl,-Map=$$@.map -o $$@ $$^ $$($(1)_libs) $$(core_libs)
endef
$(foreach program,$(programs),$(eval $(call program_rules,$(program))))

# --- tests: test_<module>.c with cmocka, one script a promise, fuzz corpora ---
unit_tests = $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/test_*.c)))
fuzz_sources = $(sort $(wildcard tests/fuzz/fuzz_*.c))
fuzz_replays = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(fuzz_sources))
test_rooms = verifier packer flasher simulator keys boards core

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(foreach r,$(test_rooms),$(call archive,$(r)))
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ -larchive -ljansson -lsqlite3 -lblkid $(ubootenv_libs) -lz $(core_libs) -lcmocka
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(foreach r,$(test_rooms),$(call archive,$(r)))
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ -larchive -ljansson -lsqlite3 -lblkid $(ubootenv_libs) -lz $(core_libs)

tests: all $(unit_tests) $(fuzz_replays)
check: tests
	BUILD=$(abspath $(BUILD)) SAN=$(SAN) sh tests/run $(TESTS)

# More of what tests/cuts.sh shows: another seed, up to ten thousand crash states of each recording, and some of them booted.
check-cuts: tests
	CUTS=many BUILD=$(abspath $(BUILD)) sh tests/run cuts

# What tests/test_kill.c shows: KILLS times kill -9 at some instant of a rollout, and what is resumed afterwards.
KILLS = 5000
check-kills: $(BUILD)/tests/test_kill
	$(BUILD)/tests/test_kill $(KILLS)

# The Zynq's kernel and U-Boot are built from Debian's sources, once: some ten minutes.
check-zynq: tests
	ZYNQ=1 BUILD=$(abspath $(BUILD)) sh tests/run zynq zynq_recovery

# Images of 2 and 4 GiB, give or take a byte, and of 6 GiB: minutes, and 7 GB of room in TMPDIR.
check-big: tests
	BIG=all BUILD=$(abspath $(BUILD)) SAN=$(SAN) sh tests/run big

# Recovery cards of all sizes, each with every reader.
check-cards: tests
	BUILD=$(abspath $(BUILD)) CARD_SIZES='16:64M 16:256M 16:2G 32:64M 32:260M 32:512M 32:8G 32:16G 32:32G 32:128G 32:2T' \
		sh tests/run card_readers

# One rollout over 10,000 simulated boards, and what it took: a minute or two. FLEET=N: over so many.
FLEET = 10000
check-fleet: tests
	FLEET=$(FLEET) BUILD=$(abspath $(BUILD)) SAN=$(SAN) sh tests/thousands.sh

# Coverage-guided, with clang's libFuzzer; new finds go to build/fuzz, the committed corpus is tests/fuzz/corpus.
fuzz:
	sh tests/fuzz/run $(SECONDS) $(TARGETS)

# --- firmverify for boards: ARMv7 (Cortex-A8, A9), static, from Debian's armhf libraries, which are unpacked and not installed ---
BOARD_CROSS = arm-linux-gnueabihf-
# yes: with `boot uboot-env', by libubootenv: some 57 KB more, and so with a board_limit of its own.
BOARD_UBOOTENV = no
board_limit = 655360
board_dir = $(BUILD)/board
board_root = $(abspath $(board_dir)/sysroot)
board_libc = $(board_dir)/sysroot/usr/lib/arm-linux-gnueabihf/libc.a
# The libc of sysroot, too, which -B and -isystem put before the cross compiler's own: that one gets no security fixes.
board_cflags = -Os -flto=auto -march=armv7-a+fp -fno-pie --sysroot=$(board_root) -B$(board_root)/usr/lib/arm-linux-gnueabihf \
	-isystem $(board_root)/usr/include/arm-linux-gnueabihf -isystem $(board_root)/usr/include
# libsodium's object that verifies calls one function of the object that signs. Called as it is there, without a prehash, that
# function does what crypto_hash_sha512_init does; with this in its place, what signs stays out. Not -static-pie: Debian's armhf
# libc has no start file for it.
board_ldflags = -static -no-pie -Wl,--build-id=none -Wl,--defsym=_crypto_sign_ed25519_ref10_hinit=crypto_hash_sha512_init \
	$(foreach f,$(board_unused),-Wl,--defsym=_crypto_$(f)_pick_best_implementation=_crypto_generichash_blake2b_pick_best_implementation)
# libsodium readies these when it starts, and nobody here uses them: it readies BLAKE2b once more instead, and 18 KB stay out.
board_unused = pwhash_argon2 scalarmult_curve25519 stream_salsa20 onetimeauth_poly1305

$(board_libc): tests/arm-debs
	tests/arm-debs $(board_dir)/sysroot libc6-dev linux-libc-dev libsodium-dev libdeflate-dev \
		$(if $(filter yes,$(BOARD_UBOOTENV)),libubootenv-dev zlib1g-dev)
	touch $@

# libdeflate rather than zlib: of the same size, and a third faster. A program over the limit is not left behind; one that is as it was is left
# alone, for whoever runs it meanwhile. One make at a time.
board_program = $(board_dir)/firmverify
board:
	@mkdir -p $(board_dir)
	+flock $(board_dir)/lock $(MAKE) --no-print-directory board-program
board-program: $(board_libc)
	$(MAKE) BUILD=$(board_dir)/obj SAN= DEFLATE=libdeflate UBOOTENV=$(BOARD_UBOOTENV) CC=$(BOARD_CROSS)gcc AR=$(BOARD_CROSS)gcc-ar CPPFLAGS= \
		CFLAGS='$(board_cflags)' LDFLAGS='$(board_ldflags)' $(board_dir)/obj/firmverify || { rm -f $(board_program); exit 1; }
	$(BOARD_CROSS)strip -o $(board_program).new $(board_dir)/obj/firmverify
	@size=$$(wc -c <$(board_program).new); echo "$(board_program): $$size bytes"; \
		[ $$size -le $(board_limit) ] || { rm -f $(board_program); echo "that is over $(board_limit)" >&2; exit 1; }
	@if cmp -s $(board_program).new $(board_program); then rm $(board_program).new; else mv $(board_program).new $(board_program); fi

# firmpack for 32-bit ARM, with Debian's armhf libraries beside it: tests compare its bundles with this machine's.
#   qemu-arm-static -L build/arm/sysroot build/arm/firmpack
arm_dir = $(BUILD)/arm
arm_root = $(abspath $(arm_dir)/sysroot)
arm_packages = libc6 libc6-dev linux-libc-dev libgcc-s1 libstdc++6 libsodium23 libsodium-dev libdeflate0 libdeflate-dev zlib1g zlib1g-dev \
	libjansson4 libjansson-dev libarchive13 libarchive-dev libacl1 libbz2-1.0 liblz4-1 liblzma5 libnettle8 libxml2 libicu72 libzstd1
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

bench: all bench-upload bench-cards
	BUILD=$(abspath $(BUILD)) sh tests/bench/run
$(BUILD)/tests/bench/uploads: $(BUILD)/tests/bench/uploads.o $(foreach r,$(firmflash_rooms),$(call archive,$(r)))
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(firmflash_libs) $(core_libs)
bench-upload: $(BUILD)/tests/bench/uploads
	BUILD=$(abspath $(BUILD)) sh tests/bench/run-upload
bench-cards: all
	BUILD=$(abspath $(BUILD)) sh tests/bench/run-cards

# A source at a time: clang-tidy 14 carries state from one to the next.
lint:
	printf '%s\n' $(foreach room,$(rooms),$(call sources,$(room))) | \
		xargs -P 2 -I @ clang-tidy --quiet @ -- $(own_cppflags) -std=c17
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem -I. -DFIRMSEAL_VERSION='""' $(rooms)

# Completions and manual pages are made from the programs' help: a cross build names the folder of a build for this machine.
HELP_FROM = $(BUILD)
documents: all
	rm -rf $(BUILD)/share
	sh docs/completions/generate all $(BUILD)/share $(addprefix $(HELP_FROM)/,$(programs))

install: documents
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/firmseal/boards
	install -m 755 $(addprefix $(BUILD)/,firmkey firmpack firmflash firmsim) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(BUILD)/firmverify $(DESTDIR)$(PREFIX)/sbin
	install -m 644 $(sort $(wildcard boards/*.board)) $(DESTDIR)$(PREFIX)/share/firmseal/boards
	install -m 644 $(sort $(wildcard boards/*.known-bad)) $(DESTDIR)$(PREFIX)/share/firmseal
	cd $(BUILD)/share && find . -type f -exec install -D -m 644 {} $(abspath $(DESTDIR)$(PREFIX)/share)/{} \;

clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
.PHONY: all tests check check-cards check-cuts check-big check-fleet check-kills check-zynq fuzz board board-program packer-arm FORCE bench bench-upload bench-cards lint documents install clean
.DELETE_ON_ERROR:
.SECONDARY:
