// Command tokenstage emulates cloud APIs that issue access tokens.
package main

import (
	"os"

	"github.com/tokenstage/tokenstage/emulator/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
