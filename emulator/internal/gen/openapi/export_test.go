package main

// Run is what the command does in a folder.
var Run = run
