// The parts of the x86-64 System V context switch that cannot be inline: the first instructions of
// a new flow, and a stand-alone switch. context_x86_64_sysv.h has the inline switch and its rules.
//
// Every landing place has the same contract:
//     rax = SuspendedFrame* of the flow that switched here, null if it is finished
//     rdx = payload (rax:rdx is also how the ABI returns a Transfer)
//     rdi = the SuspendedFrame that was switched to, from which the landing computes its rsp
//     rbp = its frame_pointer word
//     rsp = still on the stack that was left; all other registers hold junk
// In the diagrams high addresses are on top.
//
// Initial stack, as prepare() leaves it. The BottomFrame begins with a SuspendedFrame:
//
//   top ──► ┌──────────────────────────────┐
//           │ argument                     │ +24
//           │ entry                        │ +16
//           │ frame.resume_address         │ +8   ──► greenfiber_context_enter
//           │ frame.frame_pointer          │ +0   ──► the BottomFrame itself
//           └──────────────────────────────┘ ◄── SuspendedFrame to switch to; rsp of the first call
//
// Running stack. The trampoline has stored the resumer in the word that its rbp points to, and each
// later resume stores it anew (link_resumer). So the chain of frame records { saved rbp, return
// address } leads from the fiber into whoever resumed it last:
//
//              the fiber's stack                      the resumer's stack
//           │ frame.resume_address         │        │ return into main             │
//     ┌───► │ frame.frame_pointer          │ ──┐    │ saved rbp (of main)          │ ◄─┐
//     │     ├──────────────────────────────┤   │    │ locals of the resumer        │   │
//     │     │ return into the trampoline   │   │    │ ...                          │   │
//     └──── │ saved rbp                    │ ◄─│─┐  │ resume_address               │   │
//           │ locals of entry              │   └─│► │ frame_pointer                │ ──┘
//           │ return into entry            │     │  └─ the resumer's SuspendedFrame ┘
//           │ saved rbp                    │ ────┘
//           │ ...                          │ ◄── rbp points to the record of the innermost function
//           │                              │ ◄── rsp
//
// (frame.resume_address keeps its value, so such a walk names the trampoline twice.)
//
// Suspended stack. The inline switch has made a SuspendedFrame 160 bytes below rsp; the compiler
// has spilled what is live, and nothing else was saved:
//
//           │ saved rbp                    │ ◄─┐
//           │ locals, spilled live values  │   │
//           │ (end of the C++ frame)       │   │ ◄── rsp before and after the switch
//           │ red zone, 128 bytes          │   │
//           │ (padding)                    │ +24
//           │ (rbx, under clang)           │ +16
//           │ resume_address               │ +8 ──► label 1 of the inline switch
//           │ frame_pointer                │ ──┘ ◄── Transfer::from of the flow that goes on
//           │ (nothing below is alive)     │
//
// Intel CET: IBT landing pads everywhere; no shadow stacks (see the property note at the end).

        .text

// First instructions of a flow: entry(Transfer{rax, rdx}, argument), never to return.
//
// In the CFI this frame is a caller on another stack. When `entry` and its callees are unwound, rbp
// is the BottomFrame again, and its first word is the resumer's SuspendedFrame R = *(rbp + 0):
//     CFA, which is the caller's rsp     = R + 160   (kDistanceToStackPointer)
//     the caller's rbp is stored at        R + 0
//     the caller's pc is stored at         R + 8
// A resumer that left by greenfiber_context_switch has another rsp, but does not miss it: the CFI
// there counts from rbp. The resumer's other registers are lost, as its compiler was told.
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
        //                                     DW_OP_plus_uconst 160 (ULEB128: 0xa0 0x01)
        .cfi_escape 0x0f, 6, 0x76, 0, 0x06, 0x23, 0xa0, 0x01
        // DW_CFA_expression, register 6 (rbp), 3 bytes: DW_OP_breg6 (rbp) 0; DW_OP_deref
        .cfi_escape 0x10, 6, 3, 0x76, 0, 0x06
        // DW_CFA_expression, register 16 (return address), 5 bytes: DW_OP_breg6 (rbp) 0;
        //                                     DW_OP_deref; DW_OP_plus_uconst 8
        .cfi_escape 0x10, 16, 5, 0x76, 0, 0x06, 0x23, 8
        .cfi_undefined rbx
        .cfi_undefined r12
        .cfi_undefined r13
        .cfi_undefined r14
        .cfi_undefined r15
        endbr64
        movq    %rdi, %rsp              // aligned by 16, as the call below must find it
        movq    %rax, 0(%rbp)           // link_resumer
        movq    %rax, %rdi              // Transfer::from
        movq    %rdx, %rsi              // Transfer::payload
        movq    24(%rbp), %rdx          // BottomFrame::argument
        call    *16(%rbp)               // BottomFrame::entry
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
//           │ (padding)                    │ -48
//           │ resume_address               │ -56
//   rsp ──► │ frame_pointer                │ -64  the SuspendedFrame
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
        movq    %rsp, %rax              // Transfer::from for the other flow
        movq    %rsi, %rdx              // Transfer::payload
        movq    8(%rdi), %rcx
        movq    0(%rdi), %rbp
        jmp     *%rcx
1:      endbr64
        movq    %rdi, %rsp
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
