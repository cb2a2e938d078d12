#include "textflag.h"

// tmpshell_start is the program's entry point (linker flag -E). The kernel
// jumps here with the initial stack at SP: argc, argv, environment, auxiliary
// vector. X15 is the zero register of Go's register ABI; R14 (g) stays 0, and
// begin never looks at it.
TEXT tmpshell_start(SB),NOSPLIT|NOFRAME,$0
	MOVQ	SP, ·initialStack(SB)
	XORL	R14, R14
	XORPS	X15, X15
	MOVQ	·beginFunc(SB), DX
	CALL	(DX)
	MOVQ	·runtimeStack(SB), SP
	JMP	_rt0_amd64_linux(SB)
