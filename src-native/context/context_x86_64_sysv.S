// The parts of the x86-64 System V context switch that cannot be inline: the first instructions of
// a new flow, and a stand-alone switch. context_x86_64_sysv.h has the inline switch and its rules.
//
// Every landing place has the same contract: rax = SuspendedFrame* of the flow that switched here
// (null if it is finished), rdx = payload, rdi = the SuspendedFrame that was switched to; rsp and rbp
// are set; all other registers hold junk. rax:rdx is also how the ABI returns a Transfer.
// In the diagrams high addresses are on top.
//
// Initial stack, as prepare() leaves it. The BottomFrame's first three words are a SuspendedFrame:
//
//   top ─►  ┌──────────────────────────────┐
//           │ (padding to 16)              │ +40
//           │ argument                     │ +32
//           │ entry                        │ +24
//           │ frame.stack_pointer    ──┐   │ +16
//           │ frame.resume_address   ──┼───┼─+8 ──► greenfiber_context_enter
//           │ frame.frame_pointer    ──┤   │ +0
//           └──────────────────────────┼───┘ ◄─┘  both point here, at the BottomFrame itself
//
// Running stack. The trampoline has stored the resumer in the word its rbp points to, and every
// later resume stores it anew (link_resumer), so that the chain of frame records
// { saved rbp, return address } leads from the fiber into whoever resumed it last:
//
//           │ frame.resume_address         │ +8   names the trampoline once more
//     ┌───► │ frame.frame_pointer          │ +0 ──────────┐         resumer's stack
//     │     ├──────────────────────────────┤              │    │ ...                   │
//     │     │ return into the trampoline   │              │    │ return into main      │
//     └──── │ saved rbp                    │ ◄─┐      ┌───┼──► │ saved rbp (of main)   │
//           │ locals of entry              │   │      │   │    │ locals                │
//           │ return into entry            │   │      │   │    │ stack_pointer ────────┼─► rsp
//           │ saved rbp                    │ ──┘      │   │    │ resume_address        │
//           │ ...                          │ ◄─ rbp   └───┼─── │ frame_pointer         │
//           │                              │ ◄─ rsp       └──► └── SuspendedFrame ─────┘
//
// Suspended stack. The function that called switch_to holds the SuspendedFrame among its locals
// (a leaf function even below its rsp, in the red zone), and nothing else was saved:
//
//           │ saved rbp                    │ ◄──────┐
//           │ locals, spilled live values  │        │
//           │ stack_pointer                │ ───┐   │
//           │ resume_address               │ ───┼───┼─► label 1 of the inline switch
//           │ frame_pointer                │ ───┼───┘ ◄─ Transfer::from of the continued flow
//           │ ...                          │ ◄──┘
//
// Intel CET: IBT landing pads everywhere; no shadow stacks (see the property note at the end).

        .text

// First instructions of a flow: entry(Transfer{rax, rdx}, argument), never to return.
//
// In the CFI this frame is a caller on another stack. When `entry` and its callees are unwound, rbp
// is the BottomFrame again, and the resumer's SuspendedFrame R = *(rbp + 0) describes the caller:
//     CFA, which is the caller's rsp     = *(R + 16)
//     the caller's rbp is stored at        R + 0
//     the caller's pc is stored at         R + 8
// The resumer's other registers are lost, and that is what its compiler was told.
//
// .cfi_signal_frame has two effects. The unwinder looks up the caller's pc as it is and not at
// pc - 1, correctly: no call precedes a landing label. And gdb does not refuse a caller whose stack
// lies at a lower address ("previous frame inner to this frame"), which is so whenever a fiber
// resumes another one below it; gdb prints "<signal handler called>" at the seam.
        .globl  greenfiber_context_enter
        .hidden greenfiber_context_enter
        .type   greenfiber_context_enter, @function
        .p2align 4
greenfiber_context_enter:
        .cfi_startproc
        .cfi_signal_frame
        // DW_CFA_def_cfa_expression, 6 bytes: DW_OP_breg6 (rbp) 0; DW_OP_deref;
        //                                     DW_OP_plus_uconst 16; DW_OP_deref
        .cfi_escape 0x0f, 6, 0x76, 0, 0x06, 0x23, 16, 0x06
        // DW_CFA_expression, register 6 (rbp), 3 bytes: DW_OP_breg6 (rbp) 0; DW_OP_deref
        .cfi_escape 0x10, 6, 3, 0x76, 0, 0x06
        // DW_CFA_expression, register 16 (return address), 5 bytes: DW_OP_breg6 (rbp) 0; DW_OP_deref;
        //                                     DW_OP_plus_uconst 8
        .cfi_escape 0x10, 16, 5, 0x76, 0, 0x06, 0x23, 8
        .cfi_undefined rbx
        .cfi_undefined r12
        .cfi_undefined r13
        .cfi_undefined r14
        .cfi_undefined r15
        endbr64
        movq    %rax, 0(%rbp)           // link_resumer
        movq    %rax, %rdi              // Transfer::from
        movq    %rdx, %rsi              // Transfer::payload
        movq    32(%rbp), %rdx          // BottomFrame::argument
        call    *24(%rbp)               // BottomFrame::entry; rsp is aligned by 16 here
        ud2                             // entry has returned: a bug, and no place to go
        .cfi_endproc
        .size   greenfiber_context_enter, . - greenfiber_context_enter

// Transfer greenfiber_context_switch(SuspendedFrame* to [rdi], void* payload [rsi])
//
// switch_to as an ordinary function, for code that cannot take the inline form, and for comparison.
// It keeps the callee-saved registers of its caller in its frame, above the SuspendedFrame:
//
//           │ return address               │
//   rbp ──► │ saved rbp                    │
//           │ rbx, r12, r13, r14, r15      │ -8 ... -40
//           │ stack_pointer                │ -48
//           │ resume_address               │ -56
//   rsp ──► │ frame_pointer                │ -64
        .globl  greenfiber_context_switch
        .hidden greenfiber_context_switch
        .type   greenfiber_context_switch, @function
        .p2align 4
greenfiber_context_switch:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        subq    $64, %rsp
        movq    %rbx, -8(%rbp)
        movq    %r12, -16(%rbp)
        movq    %r13, -24(%rbp)
        movq    %r14, -32(%rbp)
        movq    %r15, -40(%rbp)
        .cfi_offset rbx, -24
        .cfi_offset r12, -32
        .cfi_offset r13, -40
        .cfi_offset r14, -48
        .cfi_offset r15, -56
        leaq    1f(%rip), %rcx
        movq    %rbp, 0(%rsp)
        movq    %rcx, 8(%rsp)
        movq    %rsp, 16(%rsp)
        movq    %rsp, %rax              // Transfer::from for the other flow
        movq    %rsi, %rdx              // Transfer::payload
        movq    8(%rdi), %rcx
        movq    0(%rdi), %rbp
        movq    16(%rdi), %rsp
        jmp     *%rcx
1:      endbr64
        movq    -8(%rbp), %rbx
        movq    -16(%rbp), %r12
        movq    -24(%rbp), %r13
        movq    -32(%rbp), %r14
        movq    -40(%rbp), %r15
        leave
        .cfi_def_cfa rsp, 8
        .cfi_restore rbp
        .cfi_restore rbx
        .cfi_restore r12
        .cfi_restore r13
        .cfi_restore r14
        .cfi_restore r15
        // The return predictor has another flow's call on top; `ret` would be mispredicted.
        popq    %rcx
        .cfi_def_cfa_offset 0
        .cfi_register rip, rcx
        jmp     *%rcx
        .cfi_endproc
        .size   greenfiber_context_switch, . - greenfiber_context_switch

// NT_GNU_PROPERTY_TYPE_0 with GNU_PROPERTY_X86_FEATURE_1_AND = IBT, without SHSTK: a linker ANDs
// the notes of all its inputs, so a binary that contains this file never claims shadow stacks.
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4                       // size of the name
        .long   16                      // size of the descriptor
        .long   5                       // NT_GNU_PROPERTY_TYPE_0
        .asciz  "GNU"
        .long   0xc0000002              // GNU_PROPERTY_X86_FEATURE_1_AND
        .long   4                       // size of the property
        .long   1                       // GNU_PROPERTY_X86_FEATURE_1_IBT (SHSTK would be 2)
        .long   0                       // padding to 8

        .section .note.GNU-stack, "", @progbits
