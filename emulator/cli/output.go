package cli

import (
	"fmt"
	"io"
	"os"
)

// output is a writer that keeps its first error, so that commands need not check every write and Run can still report
// that output was lost.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.to.Write(p)
	o.err = err
	return n, err
}

// isTerminal reports whether the output is a terminal.
func (o *output) isTerminal() bool {
	file, ok := o.to.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device too, but no terminal
	return err != nil || !os.SameFile(info, null)
}

// printf writes formatted text. It drops the error, which the output keeps.
func printf(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
