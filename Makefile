# onetube: see README.md. `make help` lists the targets.

VERSION := 0.1.0

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
# SAN=1 builds everything with AddressSanitizer and UndefinedBehaviorSanitizer into out/san.
SAN ?=
O := out$(if $(SAN),/san)

comma := ,
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef \
	-Wcast-qual -Wcast-align -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wvla -Wpointer-arith -Wimplicit-fallthrough -Werror
HARDENING := -fstack-protector-strong -fno-strict-aliasing -fno-plt
OT_CPPFLAGS := -I. -isystem /usr/share/include/llhttp -D_GNU_SOURCE -DOT_VERSION='"$(VERSION)"' $(if $(SAN),,-D_FORTIFY_SOURCE=2)
OT_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) $(HARDENING) -ffunction-sections -fdata-sections -pthread \
	$(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
OT_LDFLAGS := -pthread -Wl,--gc-sections \
	$(if $(SAN),-fsanitize=address$(comma)undefined,-Wl,-z,relro$(comma)-z,now)
# CPPFLAGS, CFLAGS and LDFLAGS are the user's, and come behind ours.
COMPILE = $(CC) $(OT_CPPFLAGS) $(CPPFLAGS) $(OT_CFLAGS) $(CFLAGS)
LINK = $(CC) $(OT_LDFLAGS) $(LDFLAGS)

# -- rooms: one static library each ------------------------------------------------------------

ROOMS := base verify build package engine gateway serve-min cli
MAINS := cli/main.c cli/mkman.c serve-min/main.c fetch/main.c
SOURCES = $(filter-out $(MAINS),$(wildcard $(1)/*.c))
OBJECTS = $(patsubst %.c,$(O)/%.o,$(1))
LIB = $(O)/lib/$(1).a

# A file that changes only with its content, so that what depends on it is made again when a list or a flag changes.
define KEEP
$(shell mkdir -p $(dir $(1)); echo '$(subst ','"'"',$(2))' | cmp -s - $(1) || echo '$(subst ','"'"',$(2))' > $(1))
endef
$(call KEEP,$(O)/flags,$(COMPILE) $(LINK))

define ROOM
$(call KEEP,$(O)/lib/$(1).list,$(call SOURCES,$(1)))
$(call LIB,$(1)): $(call OBJECTS,$(call SOURCES,$(1))) $(O)/lib/$(1).list
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcsD $$@ $$(filter %.o,$$^)
endef
$(foreach room,$(ROOMS),$(eval $(call ROOM,$(room))))

# The HTTP parser of Node.js, which Debian ships as C source.
LLHTTP := /usr/share/llhttp
$(O)/lib/llhttp.a: $(patsubst $(LLHTTP)/%.c,$(O)/llhttp/%.o,$(foreach file,api http llhttp,$(LLHTTP)/$(file).c))
	@mkdir -p $(@D)
	$(AR) rcsD $@ $^
$(O)/llhttp/%.o: $(LLHTTP)/%.c $(O)/flags
	@mkdir -p $(@D)
	$(CC) -I/usr/share/include/llhttp -O2 -g -w $(HARDENING) -c -o $@ $<

ALL_LIBS := $(foreach room,cli serve-min build package gateway engine verify base,$(call LIB,$(room))) $(O)/lib/llhttp.a
TOOL_LIBS := $(foreach room,cli build package gateway engine verify base,$(call LIB,$(room))) $(O)/lib/llhttp.a
TOOL_LDLIBS := -lsodium -lnettle -lcjson -luv -lnghttp2 -lssl -lcrypto
SERVE_LIBS := $(foreach room,serve-min engine verify base,$(call LIB,$(room)))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all
all: $(O)/onetube $(O)/onetube-serve $(O)/onetube-fetch man ## build the programs, their man pages and completion

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

$(O)/onetube: $(O)/cli/main.o $(TOOL_LIBS)
	$(LINK) -o $@ $^ $(TOOL_LDLIBS)

# The only program that loads libcurl.
$(O)/onetube-fetch: $(O)/fetch/main.o $(call LIB,base)
	$(LINK) -o $@ $^ -lcurl -lsodium -lnettle

# The sanitizers cannot be linked statically; everything else about the boot program stays the same.
$(O)/onetube-serve: $(O)/serve-min/main.o $(SERVE_LIBS) ci/check-symbols
	$(LINK) $(if $(SAN),,-static) -o $@.tmp $(filter %.o %.a,$^) -lsodium -lnettle
	ci/check-symbols $@.tmp $(filter %.a,$^)
	$(if $(SAN),,strip $@.tmp)
	mv $@.tmp $@

# The pinned esbuild of `make deps`.
NODE_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x64,$(shell uname -m)))
ESBUILD := node_modules/@esbuild/linux-$(NODE_ARCH)/bin/esbuild

# What every function runs in, as one module, whose parts are named as those that a build bundles.
RUNTIME := $(O)/build/onetube.js
$(RUNTIME): $(wildcard build/shim/*.js) Makefile package-lock.json
	@mkdir -p $(@D)
	@test -x $(ESBUILD) || { echo "$(ESBUILD) is missing: make deps" >&2; exit 1; }
	$(ESBUILD) build/shim/onetube.js --bundle --format=esm --platform=neutral --target=es2024 --charset=utf8 \
		--external:node:* --external:cloudflare:* --log-level=warning --outfile=$@.tmp
	sed -i 's|^// build/shim/|// onetube-shim:|' $@.tmp
	mv $@.tmp $@
$(RUNTIME:.js=.min.js): $(RUNTIME)
	$(ESBUILD) $< --format=esm --target=es2024 --charset=utf8 --minify-syntax --minify-whitespace --log-level=warning --outfile=$@

# Embedded JavaScript is read by the assembler, which the compiler's own list of inputs does not show.
$(O)/build/shim_embed.o: $(RUNTIME) $(RUNTIME:.js=.min.js) $(wildcard $(addprefix build/shim/,*.js */*.js */*/*.js))
$(O)/build/shim_embed.o: OT_CPPFLAGS += -DOT_RUNTIME='"$(O)/build/onetube"'
$(O)/engine/scripts_embed.o: $(wildcard engine/*.js)

# The one part of the shim that is made of a package.
INTERPRETER := $(O)/build/interpreter.js
$(INTERPRETER): build/interpreter.js package-lock.json
	@mkdir -p $(@D)
	$(ESBUILD) $< --bundle --format=esm --platform=neutral --target=es2024 --minify --log-level=warning --outfile=$@
$(O)/build/interpreter_embed.o: $(INTERPRETER)
$(O)/build/interpreter_embed.o: OT_CPPFLAGS += -DOT_INTERPRETER='"$(INTERPRETER)"'

$(O)/mkman: $(O)/cli/mkman.o $(ALL_LIBS)
	$(LINK) -o $@ $^ $(TOOL_LDLIBS)

.PHONY: man
man: $(O)/man/onetube.1 $(O)/man/onetube-serve.1 $(O)/completion/onetube
$(O)/completion/onetube: $(O)/mkman
	@mkdir -p $(@D)
	$(O)/mkman bash > $@
$(O)/man/%.1: $(O)/mkman
	@mkdir -p $(@D)
	$(O)/mkman $* > $@

# -- tests --------------------------------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
HELPERS := $(patsubst tests/tools/%.c,$(O)/tools/%,$(wildcard tests/tools/*.c))
TEST_LINK = $(LINK) -o $@ $(filter %.o,$^) $(ALL_LIBS) $(TOOL_LDLIBS)

$(O)/unit/%: $(O)/tests/unit/%.o $(ALL_LIBS)
	@mkdir -p $(@D)
	$(TEST_LINK) -lcmocka

$(O)/fuzz/%: $(O)/tests/fuzz/%.o $(O)/tests/fuzz/replay.o $(ALL_LIBS)
	@mkdir -p $(@D)
	$(TEST_LINK)

$(O)/tools/%: $(O)/tests/tools/%.o $(ALL_LIBS)
	@mkdir -p $(@D)
	$(TEST_LINK)

.PHONY: unit tools replay
unit: $(UNIT_TESTS) $(HELPERS) all ## unit tests only
	ci/suite unit $(O)
replay: $(addprefix $(O)/fuzz/,$(FUZZERS)) ## each fuzz target over its corpus
	ci/suite replay $(O)
tools: $(HELPERS)

# What ci/test runs, built before it starts.
.PHONY: test-programs
test-programs: all $(UNIT_TESTS) $(addprefix $(O)/fuzz/,$(FUZZERS)) $(HELPERS)

.PHONY: test demo bench fuzz lint format
test: ## everything: lint, unit, fuzz corpora, sanitizers, shim, end to end
	ci/test
demo: all ## build, sign, verify, boot and call the examples
	ci/demo
bench: all tools ## the budgets: both sides and the ratio
	@for script in tests/bench/*.sh; do echo "== $$script"; bash "$$script" || exit 1; done
fuzz: ## coverage-guided fuzzing; SECONDS_EACH=60
	ci/fuzz $(FUZZERS)
lint: ## format, include rule, sizes, banned calls, shell, spelling, types of the shim
	ci/lint
format: ## reformat all C
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

# -- installation -------------------------------------------------------------------------------

WORKERD_ARCH := $(patsubst x64,64,$(NODE_ARCH))
LIBEXEC := $(DESTDIR)$(PREFIX)/libexec/onetube

.PHONY: deps install uninstall clean help
deps: ## install the Debian packages and npm packages that are needed (root or sudo)
	ci/deps

install: all ## install below PREFIX (default /usr/local), DESTDIR in front
	install -d $(DESTDIR)$(PREFIX)/bin $(LIBEXEC) $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/onetube/schemas \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 0755 $(O)/onetube $(O)/onetube-serve $(DESTDIR)$(PREFIX)/bin/
	install -m 0755 $(ESBUILD) $(LIBEXEC)/esbuild
	install -m 0755 node_modules/@cloudflare/workerd-linux-$(WORKERD_ARCH)/bin/workerd $(LIBEXEC)/workerd
	install -m 0755 $(O)/onetube-fetch $(LIBEXEC)/onetube-fetch
	install -m 0644 $(O)/man/onetube.1 $(O)/man/onetube-serve.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 0644 $(O)/completion/onetube $(DESTDIR)$(PREFIX)/share/bash-completion/completions/onetube
	install -m 0644 schemas/*.json $(DESTDIR)$(PREFIX)/share/onetube/schemas/

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/onetube $(DESTDIR)$(PREFIX)/bin/onetube-serve \
		$(DESTDIR)$(PREFIX)/share/man/man1/onetube.1 $(DESTDIR)$(PREFIX)/share/man/man1/onetube-serve.1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/onetube
	rm -rf $(LIBEXEC) $(DESTDIR)$(PREFIX)/share/onetube

clean: ## remove out/
	rm -rf out

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
