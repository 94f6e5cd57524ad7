package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
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
	return ok && term.IsTerminal(int(file.Fd()))
}

// widthOf returns how many characters a line of the output may have: as $COLUMNS says, or as wide as the terminal is.
// It is 0 where nothing says so.
func widthOf(env Env) int {
	columns, _ := env.LookupEnv("COLUMNS")
	if given, err := strconv.Atoi(columns); err == nil && given > 0 {
		return given
	}
	out, ok := env.Stdout.(*output)
	if !ok || !out.isTerminal() {
		return 0
	}
	width, _, err := term.GetSize(int(out.to.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}

// jsonFlag is the flag of the commands that print data.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print JSON, as the control API has it where it does."`
}

// done says that a command did its work: in a sentence, or as JSON.
func (f jsonFlag) done(env Env, sentence string, value any) error {
	if f.JSON {
		return writeJSON(env.Stdout, value)
	}
	printf(env.Stdout, "%s\n", sentence)
	return nil
}

// printf writes formatted text. It drops the error, which the output keeps.
func printf(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
