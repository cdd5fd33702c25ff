package main

import "io"

func checkAll(uint64, io.Writer) error                   { return nil }
func write(string, string, []scenario, [][]result) error { return nil }
