#include "go_asm.h"
#include "textflag.h"

// setg makes g, which is R30, and R0, which compiled code expects to be zero
// (abi-internal.md).
#define setg \
	XOR	R0, R0 \
	MOVD	$·run+const_StackSize(SB), g \
	MOVD	$·run(SB), R3 \
	MOVD	R3, 0(g) \
	MOVD	$const_guard, R4 \
	ADD	R3, R4 \
	MOVD	R4, 16(g) \
	MOVD	R4, 24(g) \
	MOVD	$const_StackSize, R4 \
	ADD	R3, R4 \
	MOVD	R4, 8(g)

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at R1: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	XOR	R0, R0
	MOVD	R1, ·kernelBlock(SB)
	setg
	ADD	$-const_callerFrame, R4, R1
	BL	·begin(SB)
	UNDEF

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault. The
// kernel takes its address as that of the code (ELF ABI version 2).
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	ADD	$-const_callerFrame, R4, R1
	BL	·faulted(SB)
	UNDEF

TEXT ·faultHandler(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·onFault(SB), R3
	MOVD	R3, ret+0(FP)
	RET
