// makes32 is a program of 32 bits (i386), without a C library: it makes an object by each
// system call of that ABI that makes any, and prints "KIND PATH" for each one that it has
// made: makes32 DIRECTORY COUNT. Then it changes its umask, asks for an io_uring, locks
// files, and executes itself by each of the two calls.
typedef unsigned int u32;
typedef unsigned long long u64;

enum { CREAT = 0100, WRONLY = 1, DIRECTORY = 0200000, TMPFILE = 020200000, NOW = -100 };

// Arguments are in ebx, ecx, edx, esi and edi.
static int call(int nr, u32 a, u32 b, u32 c, u32 d, u32 e)
{
	int r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
	return r;
}
#define P(pointer) ((u32)(pointer))

static char path[4096], name[64], other[4096], proc[64], out[8192];
static const char *dir;
static int at, number;

static u32 length(const char *s) { u32 n = 0; while (s[n]) n++; return n; }
static char *copy(char *to, const char *from) { while ((*to = *from++)) to++; return to; }
static char *digits(char *to, u32 n)
{
	if (n > 9)
		to = digits(to, n / 10);
	*to++ = '0' + n % 10;
	*to = 0;
	return to;
}
static u32 value(const char *s) { u32 n = 0; while (*s) n = 10 * n + *s++ - '0'; return n; }

static void end(int status) { call(1, status, 0, 0, 0, 0); }
static int done(const char *what, int r)
{
	if (r < 0) {
		char *to = digits(copy(copy(out, what), ": error "), -r);
		copy(to, "\n");
		call(4, 2, P(out), length(out), 0, 0);
		end(1);
	}
	return r;
}
static void made(const char *kind)
{
	char *to = copy(copy(out, kind), "\t");
	copy(copy(copy(copy(to, dir), "/"), name), "\n");
	done("write", call(4, 1, P(out), length(out), 0, 0));
}
static void file(const char *what, int fd) { call(6, done(what, fd), 0, 0, 0, 0); made("file"); }

// name is NAME and a number, and path below the directory.
static void called(const char *what, int n)
{
	digits(copy(name, what), n);
	copy(copy(copy(path, dir), "/"), name);
}

static struct { unsigned short family; char path[108]; } address = {1, ""};
static int bound(void) // a socket, and the address to bind it to
{
	copy(address.path, name); // relative: the path may be too long
	done("fchdir", call(133, at, 0, 0, 0, 0));
	return done("socket", call(359, 1, 1, 0, 0, 0));
}
static void source(void) { copy(copy(other, dir), "/../source"); call(6, done("source", call(5, P(other), CREAT | WRONLY, 0600, 0, 0)), 0, 0, 0, 0); }

static void make(int way)
{
	static u64 how[3] = {CREAT | WRONLY, 0600, 0};
	static u32 args[3];
	int fd;
	switch (way) {
	case 0: file("open", call(5, P(path), CREAT | WRONLY, 0600, 0, 0)); break;
	case 1: file("creat", call(8, P(path), 0600, 0, 0, 0)); break;
	case 2: file("openat", call(295, at, P(name), CREAT | WRONLY, 0600, 0)); break;
	case 3: file("openat2", call(437, at, P(name), P(how), sizeof how, 0)); break;
	case 4: done("mkdir", call(39, P(path), 0700, 0, 0, 0)); made("directory"); break;
	case 5: done("mkdirat", call(296, at, P(name), 0700, 0, 0)); made("directory"); break;
	case 6: done("mknod", call(14, P(path), 0010600, 0, 0, 0)); made("FIFO"); break;
	case 7: done("mknodat", call(297, at, P(name), 0140600, 0, 0)); made("socket"); break;
	case 8: source(); done("link", call(9, P(other), P(path), 0, 0, 0)); made("hard link"); break;
	case 9: source(); done("linkat", call(303, NOW, P(other), at, P(name), 0)); made("hard link"); break;
	case 10: done("symlink", call(83, P("nowhere"), P(path), 0, 0, 0)); made("symlink"); break;
	case 11: done("symlinkat", call(304, P("nowhere"), at, P(name), 0, 0)); made("symlink"); break;
	case 12: source(); done("rename", call(38, P(other), P(path), 0, 0, 0)); made("rename"); break;
	case 13: source(); done("renameat", call(302, NOW, P(other), at, P(name), 0)); made("rename"); break;
	case 14: source(); done("renameat2", call(353, NOW, P(other), at, P(name), 0)); made("rename"); break;
	case 15:
		fd = bound();
		done("bind", call(361, fd, P(&address), 2 + length(name), 0, 0));
		call(6, fd, 0, 0, 0, 0);
		made("socket");
		break;
	case 16: // socketcall(SYS_BIND)
		args[0] = fd = bound();
		args[1] = P(&address);
		args[2] = 2 + length(name);
		done("socketcall", call(102, 2, P(args), 0, 0, 0));
		call(6, fd, 0, 0, 0, 0);
		made("socket");
		break;
	case 17:
		fd = done("O_TMPFILE", call(5, P(dir), TMPFILE | WRONLY, 0600, 0, 0));
		copy(copy(copy(out, "unnamed file\t"), dir), "\n");
		call(4, 1, P(out), length(out), 0, 0);
		digits(copy(proc, "/proc/self/fd/"), fd);
		done("linkat", call(303, NOW, P(proc), at, P(name), 0x400));
		call(6, fd, 0, 0, 0, 0);
		made("hard link");
		break;
	}
}
enum { ways = 18 };

static void locks(void)
{
	static struct { short type, whence; u32 start, length, pid; } part = {1, 0, 0, 0, 0};
	static struct { short type, whence; u64 start, length; u32 pid; } __attribute__((packed, aligned(4))) part64 = {1, 0, 0, 0, 0};
	const char *names[] = {"held", "fcntl", "fcntllong"};
	for (int i = 0; i < 3; i++) {
		called(names[i], i);
		int fd = done("open", call(5, P(path), CREAT | WRONLY, 0600, 0, 0));
		made("file");
		done(names[i], i == 0 ? call(143, fd, 2, 0, 0, 0) : i == 1 ? call(55, fd, 6, P(&part), 0, 0) : call(221, fd, 13, P(&part64), 0, 0));
	}
}

static void again(char **argv, int nr)
{
	static char self[] = "/proc/self/exe";
	done(argv[0], nr == 11 ? call(nr, P(self), P(argv), 0, 0, 0) : call(nr, NOW, P(self), P(argv), 0, 0));
}

static void begin(int argc, char **argv)
{
	dir = argv[1];
	at = done("open", call(5, P(dir), DIRECTORY, 0, 0, 0));
	if (argc > 3) { // executed once more
		called("again", argc);
		make(0);
		if (argc == 4)
			again((char *[]){"by-execveat", argv[1], argv[2], "again", "again", 0}, 358);
		return;
	}
	int count = value(argv[2]);
	for (number = 0; number < count; number++) {
		called("made", number);
		make(number % ways);
	}
	call(60, 0, 0, 0, 0, 0);
	called("masked", 0);
	file("open", call(5, P(path), CREAT | WRONLY, 0666, 0, 0));
	call(425, 8, P(out), 0, 0, 0); // io_uring_setup
	locks();
	again((char *[]){"by-execve", argv[1], argv[2], "again", 0}, 11);
}

__attribute__((used)) static void main32(u32 *stack)
{
	begin(stack[0], (char **)(stack + 1));
	end(0);
}
__asm__(".globl _start\n_start: mov %esp, %eax\n push %eax\n call main32\n");
