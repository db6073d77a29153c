/* conformance: the dialects here in the suite that every dialect can be run through. ROW names one.
 * MIG_TEST_WITHOUT in the environment: a case that the engine as it was built cannot pass. */
#include "support.h"

#include <stdlib.h>

extern const mig_conformance ROW;

int main(int argc, char **argv)
{
	char *but[] = { argv[0], "-x", getenv("MIG_TEST_WITHOUT") };

	if (argc < 2 && but[2])
		return mig_conformance_main(3, but, &ROW);
	return mig_conformance_main(argc, argv, &ROW);
}
