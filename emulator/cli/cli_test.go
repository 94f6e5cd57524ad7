package cli_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/cli"
)

// unreachable is the environment of commands that must not get as far as a call.
var unreachable = map[string]string{"TOKENSTAGE_CONTROL": "http://127.0.0.1:1"}

// badCommandLine is a command line, split at its blanks, and what is said of it.
type badCommandLine struct {
	env        map[string]string
	args, want string
}

func badCommandLines() map[string]badCommandLine {
	return map[string]badCommandLine{
		"unknown command":   {args: "srve", want: `unexpected argument srve, did you mean "serve"?`},
		"unknown flag":      {args: "serve --adr x", want: `unknown flag --adr, did you mean "--addr"?`},
		"flag far from any": {args: "serve --colour", want: "unknown flag --colour"},
		"no subcommand":     {args: "sandbox", want: `expected one of "new", "list", "show", "reset", "rm", ...`},
		"missing argument":  {args: "sandbox rm", want: `expected "<id>"`},
		"argument too much": {args: "version 2", want: "unexpected argument 2"},
		"more than a line":  {args: "serve\nx\x1b[31m", want: "unexpected argument serve x\uFFFD[31m"},
		"address without port": {
			args: "serve --addr 4010", want: `--addr: must be HOST:PORT such as 127.0.0.1:4010, got "4010"`,
		},
		"port out of range": {
			args: "serve --control-addr 127.0.0.1:65536",
			want: `--control-addr: must be HOST:PORT such as 127.0.0.1:4010, got "127.0.0.1:65536"`,
		},
		"seed is no number": {args: "serve --seed x", want: `--seed: expected a valid 64 bit uint but got "x"`},
		"log format": {
			args: "serve --log yaml", want: `--log must be one of "text","json","off" but got "yaml"`,
		},
		"short control token": {
			args: "serve --control-token short", want: "--control-token: must have at least 16 characters, got 5",
		},
		"variable": {
			env: map[string]string{"TOKENSTAGE_SEED": "x"}, args: "serve",
			want: `--seed: expected a valid 64 bit uint but got "x" (from TOKENSTAGE_SEED)`,
		},
		"variable of an enumeration": {
			env: map[string]string{"TOKENSTAGE_ENV_FORMAT": "fish"}, args: "env",
			want: `--format must be one of "shell","dotenv" but got "fish" (from TOKENSTAGE_ENV_FORMAT)`,
		},
		"control URL": {
			args: "clock --control ftp://x", want: `--control: must be a URL such as http://127.0.0.1:4011, got "ftp://x"`,
		},
		"instant": {
			args: "clock --set noon", want: `--set: must be an instant such as 2030-01-01T00:00:00Z, got "noon"`,
		},
		"zero time": {
			args: "clock --set 0001-01-01T00:00:00Z",
			want: `--set: must lie in the years 1970 to 9999, got "0001-01-01T00:00:00Z"`,
		},
		"year beyond": {
			args: "clock --set 10000-01-01T00:00:00Z",
			want: `--set: must lie in the years 1970 to 9999, got "10000-01-01T00:00:00Z"`,
		},
		"zero time of a sandbox": {
			args: "sandbox new --now 0001-01-01T00:00:00Z",
			want: `--clock: must lie in the years 1970 to 9999, got "0001-01-01T00:00:00Z"`,
		},
		"step too far": {
			args: "clock --advance 200000d",
			want: `--advance: must be a duration from 0s to 106751d23h47m16s, got "200000d"`,
		},
		"step": {
			args: "clock --advance 59",
			want: `--advance: must be a duration such as 59m or 1h30m, not negative, got "59"`,
		},
		"step back": {
			args: "clock --advance=-1m",
			want: `--advance: must be a duration such as 59m or 1h30m, not negative, got "-1m"`,
		},
		"step back, apart": {
			args: "clock --advance -1m",
			want: `--advance: expected a value but got "-1m" (short flag); perhaps try --advance="-1m"?`,
		},
		"frozen and running": {args: "clock --freeze --run", want: `--freeze and --run can't be used together`},
		"start of a clock": {
			args: "sandbox new --now noon", want: `--clock: must be an instant such as 2030-01-01T00:00:00Z, got "noon"`,
		},
		"follow one": {
			args: "requests --follow 1-2-3", want: "--follow cannot be used with a request id",
		},
		"negative limit": {args: "requests --limit=-1", want: `--limit: expected a valid 64 bit uint but got "-1"`},
	}
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for name, c := range badCommandLines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.env, strings.Split(c.args, " ")...)
			if got.code != 2 {
				t.Errorf("exit code %d, want 2", got.code)
			}
			if want := "tokenstage: " + c.want + "\n"; got.err != want {
				t.Errorf("stderr:\n%swant:\n%s", got.err, want)
			}
			if got.out != "" {
				t.Errorf("stdout: %s", got.out)
			}
		})
	}
}

func TestEmptyVariablesCountAsAbsent(t *testing.T) {
	t.Parallel()
	got := run(t, map[string]string{"TOKENSTAGE_CONTROL": "http://127.0.0.1:1", "TOKENSTAGE_CLOCK_SET": ""}, "clock")
	if got.err != "tokenstage: no control plane at http://127.0.0.1:1: start one with: tokenstage serve\n" {
		t.Errorf("got %+v", got)
	}
}

func TestFlagsWinOverVariables(t *testing.T) {
	t.Parallel()
	got := run(t, map[string]string{"TOKENSTAGE_CONTROL": "ftp://bad"}, "clock", "--control", "127.0.0.1:1")
	if got.code != 1 || !strings.Contains(got.err, "no control plane at 127.0.0.1:1:") {
		t.Errorf("got %+v", got)
	}
}

var (
	flagLine = regexp.MustCompile(`(?m)^ +(?:-\w, )? *--([a-z-]+)`)
	variable = regexp.MustCompile(`\[\$(TOKENSTAGE_[A-Z_]+)\]`)
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"serve", "env", "apis", "requests", "clock", "sandbox new", "sandbox list", "sandbox show", "sandbox reset",
		"sandbox rm", "sandbox save", "sandbox load", "tokens list", "tokens expire", "tokens revoke", "tokens redeem", "play", "stop", "coverage",
		"ca", "healthcheck", "completion", "help", "version", "scenarios list", "scenarios show", "scenarios check",
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, append(strings.Split(command, " "), "--help")...)
			if got.code != 0 || got.err != "" {
				t.Fatalf("exit code %d: %s", got.code, got.err)
			}
			if !strings.HasPrefix(got.out, "Usage: tokenstage "+command) || !strings.Contains(got.out, "Examples:\n") {
				t.Errorf("no usage or examples in:\n%s", got.out)
			}
			flags := flagLine.FindAllString(got.out, -1)
			if named := variable.FindAllString(got.out, -1); len(named) != len(flags)-2 { // --help and --version have none
				t.Errorf("%d variables for the flags %q in:\n%s", len(named), flags, got.out)
			}
		})
	}
}

// TestNoVariableMeansTwoThings guards against a variable for the server changing what a command does.
func TestNoVariableMeansTwoThings(t *testing.T) {
	t.Parallel()
	usedBy := map[string][]string{}
	for _, command := range []string{"serve", "apis", "requests", "clock", "env", "sandbox new", "sandbox list", "tokens list"} {
		got := run(t, nil, append(strings.Split(command, " "), "--help")...)
		for _, match := range variable.FindAllStringSubmatch(got.out, -1) {
			usedBy[match[1]] = append(usedBy[match[1]], command)
		}
	}
	for _, shared := range []string{
		"TOKENSTAGE_CONTROL", "TOKENSTAGE_CONTROL_TOKEN", "TOKENSTAGE_SANDBOX", "TOKENSTAGE_STATE_DIR",
	} {
		if len(usedBy[shared]) < 2 {
			t.Errorf("%s is used by %q only", shared, usedBy[shared])
		}
		delete(usedBy, shared)
	}
	for name, commands := range usedBy {
		if len(commands) > 1 {
			t.Errorf("%s is used by %q", name, commands)
		}
	}
}

func TestWithoutACommandShowsHelp(t *testing.T) {
	t.Parallel()
	got := run(t, nil)
	if got.code != 0 || !strings.HasPrefix(got.out, "Usage: tokenstage <command>") {
		t.Errorf("got %+v", got)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	got := run(t, nil, "version")
	if got.code != 0 || !regexp.MustCompile(`^tokenstage\b.*\(go1\.\S+, \w+/\w+\)\n$`).MatchString(got.out) {
		t.Errorf("got %+v", got)
	}
	for _, args := range []string{"--version", "clock --version"} {
		if flag := run(t, nil, strings.Split(args, " ")...); flag != got {
			t.Errorf("%s: got %+v, want %+v", args, flag, got)
		}
	}
}

// TestHelpIsACommandToo shows what the flag shows.
func TestHelpIsACommandToo(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "serve", "sandbox new", "tokens", "help"} {
		words := strings.Fields(command)
		flag, got := run(t, nil, append(words, "--help")...), run(t, nil, append([]string{"help"}, words...)...)
		if got.code != 0 || got != flag || !strings.HasPrefix(got.out, "Usage: tokenstage ") {
			t.Errorf("help %s: got %+v, want %+v", command, got, flag)
		}
	}
	want := result{2, "", "tokenstage: unexpected argument srve, did you mean \"serve\"?\n"}
	if got := run(t, nil, "help", "srve"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// full is an output that takes nothing more.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatDoesNotGetOut(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	env := cli.Env{Stdout: full{}, Stderr: &said, LookupEnv: lookup(nil)}
	code := cli.Run(t.Context(), env, "version")
	if want := "tokenstage: the output could not be written: no space left\n"; code != 1 || said.String() != want {
		t.Errorf("exit code %d: %s", code, said.String())
	}
}

// FuzzRun holds commands that get no server to the rule: exit code 0 to 2, and one line where it is not 0.
func FuzzRun(f *testing.F) {
	f.Add("clock --set x")
	f.Add("requests -f x")
	f.Add("sandbox new --seed=1 --id=")
	f.Add("apis -- a --help")
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, " ")
		for _, arg := range args {
			if arg == "serve" || strings.HasPrefix(arg, "--control") {
				t.Skip("would reach out of the test")
			}
		}
		got := run(t, unreachable, args...)
		if got.code < 0 || got.code > 2 {
			t.Errorf("exit code %d", got.code)
		}
		if lines := strings.Count(got.err, "\n"); (got.code == 0) != (lines == 0) || lines > 1 {
			t.Errorf("exit code %d with %q", got.code, got.err)
		}
	})
}
