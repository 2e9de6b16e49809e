# What a session takes by itself: the link layer without board, engine and libc (it calls memcpy, memset and the like),
# and without the buffers, whose sizes a board chooses (session.h, tg_memory).
COST_CORES := cortex-m0plus:cortex-m0plus cortex-m3:mps2-an385 cortex-m4f:mps2-an386 cortex-m7:mps2-an500 \
	cortex-m33:mps2-an505 cortex-m55:mps3-an547
COST_OUT := $(OUT)/obj/link-cost

.PHONY: link-cost
link-cost: $(foreach level,O2 Os,$(foreach core,$(COST_CORES),$(COST_OUT)/$(firstword $(subst :, ,$(core)))-$(level).o))
	@printf '%-16s %12s %12s %14s\n' 'link layer' 'flash, -O2' 'flash, -Os' 'RAM, a session'
	@for core in $(foreach core,$(COST_CORES),$(firstword $(subst :, ,$(core)))); do \
		printf '%-16s %12s %12s %14s\n' $$core $$(for level in O2 Os; do \
			$(CROSS)size -B $(COST_OUT)/$$core-$$level.o | awk 'NR == 2 { print $$1 + $$2 }'; done) \
			$$($(CROSS)size -B $(COST_OUT)/$$core-O2.o | awk 'NR == 2 { print $$3 }'); \
	done

# The link layer in one object, without what a session does not call; its .bss is the one session.
define cost_rule
$(COST_OUT)/$(1)-$(3).o: $(wildcard $(HERE)/link/*.[ch]) $(HERE)/link-cost.mk $(HERE)/Makefile
	@mkdir -p $$(@D)
	printf '#include "session.h"\ntg_session tg_the_session;\n' | $$(CC) $$(CORE_$(2)) $$(FLAGS) -$(3) $$(INCLUDES) \
		-r -nostdlib -Wl,--gc-sections -Wl,-e,tg_session_feed -Wl,-u,tg_session_start -Wl,-u,tg_the_session \
		-x c - $(wildcard $(HERE)/link/*.c) -o $$@
endef
$(foreach level,O2 Os,$(foreach core,$(COST_CORES),\
	$(eval $(call cost_rule,$(firstword $(subst :, ,$(core))),$(lastword $(subst :, ,$(core))),$(level)))))
