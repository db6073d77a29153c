/* number: floating-point numbers as text with a point, whatever the host's locale has. */
#ifndef MIG__BASE_NUMBER_H
#define MIG__BASE_NUMBER_H

enum { MIG__NUMBER_SIZE = 48 };

/* Writes the shortest of 15 to 17 digits that reads back as the same number; "inf", "-inf", "nan".
 */
void mig__number_write(double number, char out[MIG__NUMBER_SIZE]);
/* Reads as strtod() does in the locale C; 0 for what is not a number. */
double mig__number_read(const char *text);

#endif
