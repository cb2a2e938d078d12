#include "go_asm.h"
#include "textflag.h"

#define SYS_arch_prctl 158
#define ARCH_SET_FS 0x1002

// setg makes g and the thread pointer: R14 is g (abi-internal.md), and what was
// compiled for the old calling convention reloads it from -8(FS).
#define setg \
	LEAQ	·run+const_StackSize(SB), R14 \
	LEAQ	·run(SB), AX \
	MOVQ	AX, 0(R14) \
	LEAQ	const_guard(AX), CX \
	MOVQ	CX, 16(R14) \
	MOVQ	CX, 24(R14) \
	LEAQ	const_StackSize(AX), CX \
	MOVQ	CX, 8(R14) \
	XORPS	X15, X15

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at SP: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOVQ	SP, ·kernelBlock(SB)
	setg
	MOVQ	CX, SP
	MOVQ	R14, ·run+const_atTLS(SB)
	LEAQ	·run+const_atTLS+8(SB), SI
	MOVQ	$ARCH_SET_FS, DI
	MOVQ	$SYS_arch_prctl, AX
	SYSCALL
	CALL	·begin(SB)
	INT	$3

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	MOVQ	CX, SP
	CALL	·faulted(SB)
	INT	$3

TEXT ·faultHandler(SB),NOSPLIT,$0-8
	MOVQ	$·onFault(SB), AX
	MOVQ	AX, ret+0(FP)
	RET
