#include "go_asm.h"
#include "textflag.h"

// setg makes g, which is X27 (abi-internal.md).
#define setg \
	MOV	$·run+const_StackSize(SB), g \
	MOV	$·run(SB), T0 \
	MOV	T0, 0(g) \
	MOV	$const_guard, T1 \
	ADD	T0, T1 \
	MOV	T1, 16(g) \
	MOV	T1, 24(g) \
	MOV	$const_StackSize, T1 \
	ADD	T0, T1 \
	MOV	T1, 8(g)

// tmpshell_entry is the program's entry point (linker flag -E). The kernel jumps
// here with the initial stack at X2: argc, argv, environment, auxiliary vector.
TEXT tmpshell_entry(SB),NOSPLIT|NOFRAME,$0
	MOV	X2, ·kernelBlock(SB)
	setg
	ADD	$-const_callerFrame, T1, X2
	CALL	·begin(SB)
	UNDEF

// onFault is the signal handler. It does not return to where the fault was, and
// begins with an empty stack: too little of it may have been the fault.
TEXT ·onFault(SB),NOSPLIT|NOFRAME,$0
	setg
	ADD	$-const_callerFrame, T1, X2
	CALL	·faulted(SB)
	UNDEF

TEXT ·faultHandler(SB),NOSPLIT,$0-8
	MOV	$·onFault(SB), T0
	MOV	T0, ret+0(FP)
	RET
