package cli

import (
	"fmt"
	"io"
	"os"
)

// output is a writer that keeps its first error, so that commands print without a look at each line and Run still knows
// when what they said did not get out.
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

// isTerminal reports whether a person reads.
func (o *output) isTerminal() bool {
	file, ok := o.to.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a character device too, where nobody reads
	return err != nil || !os.SameFile(info, null)
}

// say prints. That it failed is for the output to know.
func printf(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
