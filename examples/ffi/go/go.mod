module example/notes

go 1.19
