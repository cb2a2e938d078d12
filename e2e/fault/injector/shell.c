// shell stands for a shell that executes session: it is session, as if this had been
// executed by a shell.
#undef main

int session(int argc, char **argv);

int main(int argc, char **argv)
{
	return session(argc > 1, argv);
}
