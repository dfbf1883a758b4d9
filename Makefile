# firmseal: one Makefile, read top to bottom.
#   make            the four programs and firmsim in build/
#   make check      all tests            make SAN=address,undefined check
#   make SAN=thread check                    data races: a race ends a program with status 66, and no test expects that
#   make lint       clang-tidy, cppcheck make fuzz [SECONDS=60]
#   make bench      against the peers    make install [DESTDIR=] [PREFIX=]
#   make board      firmverify for ARMv7 boards, static: build/board/firmverify
#   make check-cuts power cuts by the ten thousand; make check-kills, kill -9 by the thousand; make check-big, images of gigabytes
#   make check-skips one instruction skipped, one condition inverted, each in its turn, in the board's program
#   make check-fleet one rollout over 10,000 simulated boards
#   make check-zynq the S9's kind of board, with kernel and U-Boot from source
# Yours to set: CC, CFLAGS, CPPFLAGS, LDFLAGS (they come last), SAN, DEFLATE=zlib|libdeflate, HARDEN, FORTIFY=2|3.

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
# What hardens the code, as far as this compiler and its target have it: each is tried once. clang before 16 wants a second flag.
number_sign := \#
tries = $(shell printf '$(number_sign)include <string.h>\n' | $(CC) -Werror -O2 $(CPPFLAGS) $(CFLAGS) $(1) -x c -c -o /dev/null - 2>/dev/null && echo yes)
has = $(if $(call tries,$(1)),$(1))
zero = -ftrivial-auto-var-init=zero
HARDEN := $(call has,-fstack-clash-protection) $(call has,-fcf-protection=full) $(call has,-mbranch-protection=standard) \
	$(or $(call has,$(zero)),$(call has,$(zero) -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang))
FORTIFY := $(if $(call tries,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3),3,2)
own_cppflags = -I. -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -DFIRMSEAL_VERSION='"$(VERSION)"' \
	$(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(FORTIFY)) $(if $(filter libdeflate,$(DEFLATE)),-DHAVE_LIBDEFLATE) \
	$(if $(filter yes,$(UBOOTENV)),-DHAVE_LIBUBOOTENV)
own_cflags = -std=c17 -pthread -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wformat=2 -Wundef -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -fstack-protector-strong -fPIE $(HARDEN) \
	-ffile-prefix-map=$(CURDIR)=. -ffunction-sections -fdata-sections \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
own_ldflags = -pie -pthread -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack $(if $(SAN),-fsanitize=$(SAN))

core_libs = -lsodium $(if $(filter libdeflate,$(DEFLATE)),-ldeflate,-lz)
firmkey_libs =
firmpack_libs = $(archive_libs) -ljansson
archive_libs = -larchive -llz4 -lz
ubootenv_libs = $(if $(filter yes,$(UBOOTENV)),-lubootenv -lz)
firmverify_libs = $(ubootenv_libs)
firmflash_libs = -ljansson -lsqlite3 -lblkid
firmsim_libs = -lz

# --- what is made of what: programs -> keys, boards -> archive -> core ---
programs = firmkey firmpack firmverify firmflash firmsim
firmkey_dir = keys
firmpack_dir = packer
firmverify_dir = verifier
firmflash_dir = flasher
firmsim_dir = simulator
firmkey_rooms = keys core
firmpack_rooms = packer keys boards archive core
firmverify_rooms = verifier boards core
firmflash_rooms = flasher boards core
firmsim_rooms = simulator boards core
rooms = core archive keys boards packer verifier flasher simulator

sources = $(sort $(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
lib_sources = $(filter-out %/main.c $(1)/cmd_%,$(call sources,$(1)))
program_sources = $(filter %/main.c $(1)/cmd_%,$(call sources,$(1)))
library = $(BUILD)/lib$(1).a

all: $(addprefix $(BUILD)/,$(programs))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(own_cppflags) $(own_cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define room_rules
$$(call library,$(1)): $$(call objects,$$(call lib_sources,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcsD $$@ $$^
endef
$(foreach room,$(rooms),$(eval $(call room_rules,$(room))))

define program_rules
$$(BUILD)/$(1): $$(call objects,$$(call program_sources,$$($(1)_dir))) $$(foreach r,$$($(1)_rooms),$$(call library,$$(r)))
	$$(CC) $$(own_ldflags) $$(CFLAGS) $$(LDFLAGS) -Wl,-Map=$$@.map -o $$@ $$^ $$($(1)_libs) $$(core_libs)
endef
$(foreach program,$(programs),$(eval $(call program_rules,$(program))))

# --- tests: test_<module>.c with cmocka, one script a promise, fuzz corpora ---
unit_tests = $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/test_*.c)))
fuzz_sources = $(sort $(wildcard tests/fuzz/fuzz_*.c))
fuzz_replays = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(fuzz_sources))
test_rooms = verifier packer flasher simulator keys boards archive core

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(foreach r,$(test_rooms),$(call library,$(r)))
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(archive_libs) -ljansson -lsqlite3 -lblkid $(ubootenv_libs) -lz $(core_libs) -lcmocka
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(foreach r,$(test_rooms),$(call library,$(r)))
	$(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(archive_libs) -ljansson -lsqlite3 -lblkid $(ubootenv_libs) -lz $(core_libs)

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

# Each instruction that a check or an installation reaches skipped once, each condition inverted once (docs/skips.md): six minutes.
check-skips: tests
	SKIPS=all BUILD=$(abspath $(BUILD)) sh tests/run skips

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

# --- cross builds: make board, make packer-arm ---
include boards/cross.mk

bench: all bench-upload bench-cards
	BUILD=$(abspath $(BUILD)) sh tests/bench/run
$(BUILD)/tests/bench/uploads: $(BUILD)/tests/bench/uploads.o $(foreach r,$(firmflash_rooms),$(call library,$(r)))
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
.PHONY: all tests check check-cards check-cuts check-big check-fleet check-kills check-skips check-zynq fuzz board board-program packer-arm FORCE bench bench-upload bench-cards lint documents install clean
.DELETE_ON_ERROR:
.SECONDARY:
