// The parts of the AArch64 context switch that cannot be inline: the first instructions of a new
// flow, and a stand-alone switch. context_aarch64_aapcs64.h has the inline switch and its rules.
//
// Every landing place has the same contract:
//     x0  = SuspendedFrame* of the flow that switched here, null if it is finished
//     x1  = payload (x0:x1 is also how the ABI passes and returns a Transfer)
//     x2  = the SuspendedFrame that was switched to, from which the landing computes its sp
//     x29 = its frame_pointer word
//     sp  = still on the stack that was left; all other registers hold junk
// In the diagrams high addresses are on top.
//
// Initial stack, as prepare() leaves it. The BottomFrame begins with a SuspendedFrame:
//
//   top ──► ┌──────────────────────────────┐
//           │ argument                     │ +24
//           │ entry                        │ +16
//           │ frame.resume_address         │ +8   ──► greenfiber_context_enter
//           │ frame.frame_pointer          │ +0   ──► the BottomFrame itself
//           └──────────────────────────────┘ ◄── SuspendedFrame to switch to; sp of the first call
//
// Running stack. The trampoline has stored the resumer in the word that its x29 points to, and each
// later resume stores it anew (link_resumer). So the chain of frame records { saved x29, return
// address } leads from the fiber into whoever resumed it last. (gcc puts a function's record at the low
// end of its frame, below its locals; clang at the high end.)
//
//              the fiber's stack                      the resumer's stack
//           │ frame.resume_address         │        │ locals of main               │
//     ┌───► │ frame.frame_pointer          │ ──┐    │ return address of main       │
//     │     ├──────────────────────────────┤   │    │ saved x29                    │ ◄─┐
//     │     │ locals of entry              │   │    │ locals of the resumer        │   │
//     │     │ return into the trampoline   │   │    │ ...                          │   │
//     └──── │ saved x29                    │ ◄─│─┐  │ resume_address               │   │
//           │ locals of the next function  │   └─│► │ frame_pointer                │ ──┘
//           │ return into entry            │     │  └─ the resumer's SuspendedFrame ┘
//           │ saved x29                    │ ────┘
//           └──────────────────────────────┘ ◄── x29 of the innermost function, and often its sp
//
// (frame.resume_address keeps its value, so such a walk names the trampoline twice.)
//
// Suspended stack. The inline switch has made a SuspendedFrame 32 bytes below sp; the compiler has
// spilled what is live, and nothing else was saved:
//
//           │ locals, spilled live values  │
//           │ return address               │
//           │ saved x29                    │ ◄─┐
//           │ (end of the C++ frame)       │   │ ◄── sp before and after the switch
//           │ (padding)                    │ +24
//           │ (x19, under clang)           │ +16
//           │ resume_address               │ +8 ──► label 1 of the inline switch
//           │ frame_pointer                │ ──┘ ◄── Transfer::from of the flow that goes on
//           │ (nothing below is alive)     │
//
// BTI landing pads everywhere; return addresses are signed; no guarded control stacks (see the
// property note at the end). These instructions are written as the hints that they are, so that
// every assembler knows them: bti c is 34, bti j 36, paciasp 25 (a landing pad as well), autiasp 29.

        .text

// First instructions of a flow: entry(Transfer{x0, x1}, argument = x2), never to return.
//
// In the CFI this frame is a caller on another stack. When `entry` and its callees are unwound, x29
// is the BottomFrame again, and its first word is the resumer's SuspendedFrame R = *(x29 + 0):
//     CFA, which is the caller's sp      = R + 32   (kDistanceToStackPointer)
//     the caller's x29 is stored at        R + 0
//     the caller's pc is stored at         R + 8    (its column is x30's)
// A resumer that left by greenfiber_context_switch has another sp, but does not miss it: the CFI
// there counts from x29. The resumer's other registers are lost, as its compiler was told.
//
// .cfi_signal_frame has two effects. The unwinder looks up the caller's pc as it is and not at
// pc - 1, correctly: no call precedes a landing label. And gdb does not refuse a caller whose stack
// lies at a lower address ("previous frame inner to this frame"), which is so whenever a fiber
// resumes another one below it; gdb prints "<signal handler called>" at the seam.
        .globl  greenfiber_context_enter
        .hidden greenfiber_context_enter
        .type   greenfiber_context_enter, %function
        .p2align 4
greenfiber_context_enter:
        .cfi_startproc
        .cfi_signal_frame
        // DW_CFA_def_cfa_expression, 5 bytes: DW_OP_breg29 (x29) 0; DW_OP_deref;
        //                                     DW_OP_plus_uconst 32
        .cfi_escape 0x0f, 5, 0x8d, 0, 0x06, 0x23, 32
        // DW_CFA_expression, register 29 (x29), 3 bytes: DW_OP_breg29 (x29) 0; DW_OP_deref
        .cfi_escape 0x10, 29, 3, 0x8d, 0, 0x06
        // DW_CFA_expression, register 30 (x30, the return address), 5 bytes: DW_OP_breg29 (x29) 0;
        //                                     DW_OP_deref; DW_OP_plus_uconst 8
        .cfi_escape 0x10, 30, 5, 0x8d, 0, 0x06, 0x23, 8
        .cfi_undefined x19
        .cfi_undefined x20
        .cfi_undefined x21
        .cfi_undefined x22
        .cfi_undefined x23
        .cfi_undefined x24
        .cfi_undefined x25
        .cfi_undefined x26
        .cfi_undefined x27
        .cfi_undefined x28
        .cfi_undefined 72               // d8, as DWARF numbers it; and so on to d15
        .cfi_undefined 73
        .cfi_undefined 74
        .cfi_undefined 75
        .cfi_undefined 76
        .cfi_undefined 77
        .cfi_undefined 78
        .cfi_undefined 79
        hint    #36                     // bti j
        mov     sp, x2                  // aligned by 16, as the call below must find it
        str     x0, [x29]               // link_resumer; Transfer::from is in place, and payload
        ldp     x16, x2, [x29, #16]     // BottomFrame::entry, BottomFrame::argument
        blr     x16
        brk     #1                      // entry has returned: a bug, and no place to go
        .cfi_endproc
        .size   greenfiber_context_enter, . - greenfiber_context_enter

// Transfer greenfiber_context_switch(SuspendedFrame* to [x0], void* payload [x1])
//
// switch_to as an ordinary function, for code that cannot take the inline form, and for comparison.
// It keeps the callee-saved registers of its caller in its frame, above the SuspendedFrame:
//
//           │ return address, signed       │
//   x29 ──► │ saved x29                    │
//           │ x19 ... x28                  │ -16 ... -80, in pairs
//           │ d8 ... d15                   │ -96 ... -144, in pairs
//           │ resume_address               │ -152
//    sp ──► │ frame_pointer                │ -160  the SuspendedFrame
        .globl  greenfiber_context_switch
        .hidden greenfiber_context_switch
        .type   greenfiber_context_switch, %function
        .p2align 4
greenfiber_context_switch:
        .cfi_startproc
        hint    #25                     // paciasp
        .cfi_negate_ra_state
        stp     x29, x30, [sp, #-16]!
        .cfi_def_cfa_offset 16
        .cfi_offset x29, -16
        .cfi_offset x30, -8
        mov     x29, sp
        .cfi_def_cfa_register x29
        sub     sp, sp, #160
        stp     x19, x20, [x29, #-16]
        stp     x21, x22, [x29, #-32]
        stp     x23, x24, [x29, #-48]
        stp     x25, x26, [x29, #-64]
        stp     x27, x28, [x29, #-80]
        stp     d8, d9, [x29, #-96]
        stp     d10, d11, [x29, #-112]
        stp     d12, d13, [x29, #-128]
        stp     d14, d15, [x29, #-144]
        .cfi_offset x19, -32
        .cfi_offset x20, -24
        .cfi_offset x21, -48
        .cfi_offset x22, -40
        .cfi_offset x23, -64
        .cfi_offset x24, -56
        .cfi_offset x25, -80
        .cfi_offset x26, -72
        .cfi_offset x27, -96
        .cfi_offset x28, -88
        .cfi_offset 72, -112            // d8, as DWARF numbers it
        .cfi_offset 73, -104
        .cfi_offset 74, -128
        .cfi_offset 75, -120
        .cfi_offset 76, -144
        .cfi_offset 77, -136
        .cfi_offset 78, -160
        .cfi_offset 79, -152            // d15
        adr     x16, 1f
        stp     x29, x16, [sp]
        mov     x2, x0
        mov     x0, sp                  // Transfer::from for the other flow; payload is in place
        ldp     x29, x16, [x2]
        br      x16
        .p2align 4
1:      hint    #36                     // bti j
        ldp     x19, x20, [x29, #-16]
        ldp     x21, x22, [x29, #-32]
        ldp     x23, x24, [x29, #-48]
        ldp     x25, x26, [x29, #-64]
        ldp     x27, x28, [x29, #-80]
        ldp     d8, d9, [x29, #-96]
        ldp     d10, d11, [x29, #-112]
        ldp     d12, d13, [x29, #-128]
        ldp     d14, d15, [x29, #-144]
        mov     sp, x29
        ldp     x29, x30, [sp], #16
        .cfi_def_cfa sp, 0
        .cfi_restore x29
        .cfi_restore x30
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore 72
        .cfi_restore 73
        .cfi_restore 74
        .cfi_restore 75
        .cfi_restore 76
        .cfi_restore 77
        .cfi_restore 78
        .cfi_restore 79
        hint    #29                     // autiasp
        .cfi_negate_ra_state
        // Mispredicted, the predictor having another flow's call on top; but a `br` would need a
        // landing pad behind the call.
        ret
        .cfi_endproc
        .size   greenfiber_context_switch, . - greenfiber_context_switch

// NT_GNU_PROPERTY_TYPE_0 with GNU_PROPERTY_AARCH64_FEATURE_1_AND = BTI and PAC, without GCS: a
// linker ANDs the notes of all its inputs, so a binary that contains this file never claims GCS.
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4                       // size of the name
        .long   16                      // size of the descriptor
        .long   5                       // NT_GNU_PROPERTY_TYPE_0
        .asciz  "GNU"
        .long   0xc0000000              // GNU_PROPERTY_AARCH64_FEATURE_1_AND
        .long   4                       // size of the property
        .long   3                       // BTI is 1, PAC is 2 (GCS would be 4)
        .long   0                       // padding to 8

        .section .note.GNU-stack, "", %progbits
