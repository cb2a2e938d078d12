#include "textflag.h"

// tmpshell_start is the program's entry point (linker flag -E). The kernel
// jumps here with the initial stack at RSP: argc, argv, environment, auxiliary
// vector. R28 (g) stays 0, and begin never looks at it.
TEXT tmpshell_start(SB),NOSPLIT|NOFRAME,$0
	MOVD	RSP, R0
	MOVD	R0, ·initialStack(SB)
	MOVD	ZR, g
	MOVD	·beginFunc(SB), R26
	MOVD	(R26), R0
	CALL	(R0)
	MOVD	·runtimeStack(SB), R0
	MOVD	R0, RSP
	JMP	_rt0_arm64_linux(SB)
