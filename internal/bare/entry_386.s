#include "go_asm.h"
#include "textflag.h"

#define SYS_set_thread_area 243
// seg_32bit, limit_in_pages and useable of struct user_desc.
#define SEGMENT_FLAGS 0x51

// setg makes g. Compiled code loads it from -4(0(GS)): see tmpshell_entry.
#define setg \
	LEAL	·run+const_StackSize(SB), BX \
	MOVL	BX, ·run+const_atTLS(SB) \
	LEAL	·run(SB), AX \
	MOVL	AX, 0(BX) \
	LEAL	const_guard(AX), CX \
	MOVL	CX, 8(BX) \
	MOVL	CX, 12(BX) \
	LEAL	const_StackSize(AX), CX \
	MOVL	CX, 4(BX) \
	SUBL	$const_callerFrame, CX

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at SP: argc, argv, environment, auxiliary vector.
//
// The words of tls are: g; the word that GS names, which is its own address, as
// the ABI of ELF has it; a struct user_desc (set_thread_area(2)) for a segment
// that begins there. It ends at execve(2).
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOVL	SP, ·kernelBlock(SB)
	LEAL	·run+const_atTLS+4(SB), DX
	MOVL	DX, 0(DX)
	LEAL	·run+const_atTLS+8(SB), BX
	MOVL	$-1, 0(BX)
	MOVL	DX, 4(BX)
	MOVL	$0xfffff, 8(BX)
	MOVL	$SEGMENT_FLAGS, 12(BX)
	MOVL	$SYS_set_thread_area, AX
	INT	$0x80
	MOVL	·run+const_atTLS+8(SB), AX
	SHLL	$3, AX
	ADDL	$3, AX
	MOVW	AX, GS
	setg
	MOVL	CX, SP
	CALL	·begin(SB)
	INT	$3

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	MOVL	CX, SP
	CALL	·faulted(SB)
	INT	$3

TEXT ·faultHandler(SB),NOSPLIT,$0-4
	LEAL	·onFault(SB), AX
	MOVL	AX, ret+0(FP)
	RET
