"""text_header.py FILE NAME: prints a C header with the text of the file, as a string. By its bytes: a C
compiler need not take a literal of more than 4,095 characters."""
import sys

with open(sys.argv[1], "rb") as f:
    data = f.read() + b"\0"
print("static const char %s[] = {" % sys.argv[2])
for at in range(0, len(data), 20):
    print("\t" + ", ".join(str(byte) for byte in data[at : at + 20]) + ",")
print("};")
