package cli

// style formats text for a terminal with colours or without.
type style struct{ colours bool }

// styleFor uses colours on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb is set.
func styleFor(env Env) style {
	none, _ := env.LookupEnv("NO_COLOR")
	term, _ := env.LookupEnv("TERM")
	out, ok := env.Stdout.(*output)
	return style{colours: ok && out.isTerminal() && none == "" && term != "dumb"}
}

// Escape sequences of ECMA-48, SGR.
const (
	sgrBold  = "\x1b[1m"
	sgrRed   = "\x1b[31m"
	sgrGreen = "\x1b[32m"
	sgrReset = "\x1b[0m"
)

func (s style) heading(text string) string { return s.wrap(sgrBold, text) }

func (s style) wrap(sgr, text string) string {
	if !s.colours || text == "" {
		return text
	}
	return sgr + text + sgrReset
}
