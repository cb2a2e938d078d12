#include "go_asm.h"
#include "textflag.h"

// setg makes g, which is R28 (abi-internal.md).
#define setg \
	MOVD	$·run+const_StackSize(SB), g \
	MOVD	$·run(SB), R0 \
	MOVD	R0, 0(g) \
	ADD	$const_guard, R0, R1 \
	MOVD	R1, 16(g) \
	MOVD	R1, 24(g) \
	MOVD	$const_StackSize, R1 \
	ADD	R1, R0, R1 \
	MOVD	R1, 8(g)

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at RSP: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOVD	RSP, R0
	MOVD	R0, ·kernelBlock(SB)
	setg
	MOVD	R1, RSP
	CALL	·begin(SB)
	BRK	$0

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	MOVD	R1, RSP
	CALL	·faulted(SB)
	BRK	$0

TEXT ·faultHandler(SB),NOSPLIT,$0-8
	MOVD	$·onFault(SB), R0
	MOVD	R0, ret+0(FP)
	RET
