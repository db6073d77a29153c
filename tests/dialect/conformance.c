/* conformance: the dialects here in the suite that every dialect can be run through. ROW names one.
 */
#include "support.h"

extern const mig_conformance ROW;

int main(int argc, char **argv)
{
	return mig_conformance_main(argc, argv, &ROW);
}
