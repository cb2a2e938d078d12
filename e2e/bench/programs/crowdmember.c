// crowdmember: tells crowd that its session has begun, and stays.
#include <unistd.h>

int main(void)
{
	if (write(9, "", 1) != 1)
		return 1;
	close(9);
	for (;;)
		pause();
}
