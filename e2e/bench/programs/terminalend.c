// terminalend SIZE: writes so many bytes to its terminal, and then what is typed, until
// that is a q.
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buf[1 << 14];
	struct termios raw;
	tcgetattr(0, &raw);
	cfmakeraw(&raw);
	tcsetattr(0, TCSANOW, &raw);
	memset(buf, 'x', sizeof buf);
	for (long left = argc > 1 ? atol(argv[1]) : 0; left > 0;) {
		ssize_t n = write(1, buf, left < (long)sizeof buf ? left : (long)sizeof buf);
		if (n <= 0)
			return 1;
		left -= n;
	}
	for (char c; read(0, &c, 1) == 1 && c != 'q';)
		if (write(1, &c, 1) != 1)
			return 1;
	return 0;
}
