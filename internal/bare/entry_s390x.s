#include "go_asm.h"
#include "textflag.h"

// setg makes g, which is R13, and R0, which compiled code expects to be zero.
#define setg \
	XOR	R0, R0 \
	MOVD	$·run+const_StackSize(SB), g \
	MOVD	$·run(SB), R2 \
	MOVD	R2, 0(g) \
	MOVD	$const_guard, R3 \
	ADD	R2, R3 \
	MOVD	R3, 16(g) \
	MOVD	R3, 24(g) \
	MOVD	$const_StackSize, R3 \
	ADD	R2, R3 \
	MOVD	R3, 8(g)

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at R15: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	R15, ·kernelBlock(SB)
	setg
	ADD	$-const_callerFrame, R3, R15
	BL	·begin(SB)
	UNDEF

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	ADD	$-const_callerFrame, R3, R15
	BL	·faulted(SB)
	UNDEF

TEXT ·faultHandler(SB),NOSPLIT|NOFRAME,$0-8
	MOVD	$·onFault(SB), R2
	MOVD	R2, ret+0(FP)
	RET
