/* The model in flash: make MODEL=path puts a file here, else it is empty. */
    .section .rodata.tg_linked_model, "a"
    .balign 16
    .global tg_linked_model
    .global tg_linked_model_end
tg_linked_model:
#ifdef MODEL_FILE
    .incbin MODEL_FILE
#endif
tg_linked_model_end:
