#include "go_asm.h"
#include "textflag.h"

// setg makes g, which is R10.
#define setg \
	MOVW	$·run+const_StackSize(SB), g \
	MOVW	$·run(SB), R0 \
	MOVW	R0, 0(g) \
	MOVW	$const_guard, R1 \
	ADD	R0, R1 \
	MOVW	R1, 8(g) \
	MOVW	R1, 12(g) \
	MOVW	$const_StackSize, R1 \
	ADD	R0, R1 \
	MOVW	R1, 4(g)

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at R13: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOVW	R13, R0
	MOVW	R0, ·kernelBlock(SB)
	setg
	SUB	$const_callerFrame, R1
	MOVW	R1, R13
	BL	·begin(SB)
	UNDEF

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	SUB	$const_callerFrame, R1
	MOVW	R1, R13
	BL	·faulted(SB)
	UNDEF

TEXT ·faultHandler(SB),NOSPLIT|NOFRAME,$0-4
	MOVW	$·onFault(SB), R0
	MOVW	R0, ret+0(FP)
	RET
