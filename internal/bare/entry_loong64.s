#include "go_asm.h"
#include "textflag.h"

// setg makes g, which is R22 (abi-internal.md).
#define setg \
	MOVV	$·run+const_StackSize(SB), g \
	MOVV	$·run(SB), R4 \
	MOVV	R4, 0(g) \
	MOVV	$const_guard, R5 \
	ADDV	R4, R5 \
	MOVV	R5, 16(g) \
	MOVV	R5, 24(g) \
	MOVV	$const_StackSize, R5 \
	ADDV	R4, R5 \
	MOVV	R5, 8(g)

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at R3: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOVV	R3, ·kernelBlock(SB)
	setg
	ADDV	$-const_callerFrame, R5, R3
	JAL	·begin(SB)
	UNDEF

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	ADDV	$-const_callerFrame, R5, R3
	JAL	·faulted(SB)
	UNDEF

TEXT ·faultHandler(SB),NOSPLIT,$0-8
	MOVV	$·onFault(SB), R4
	MOVV	R4, ret+0(FP)
	RET
