package settings_test

import (
	"os/exec"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

func TestExports(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh on this machine")
	}
	const odd = "it's \"$HOME\" `id` \\n #x\n!y\té&&exit 1"
	got := settings.Exports([]settings.Variable{{"PLAIN", "http://h:1/a_b"}, {"ODD", odd}, {"GONE", ""}})
	if want := "export PLAIN=http://h:1/a_b\nexport ODD="; got[:len(want)] != want {
		t.Errorf("got %s", got)
	}
	command := exec.CommandContext(t.Context(), shell, "-c", "GONE=there\n"+got+`printf '%s|%s' "$ODD" "${GONE-unset}"`)
	if out, err := command.Output(); err != nil || string(out) != odd+"|unset" {
		t.Errorf("the shell has %q, %v", out, err)
	}
}

func TestTextsQuote(t *testing.T) {
	t.Parallel()
	texts, err := settings.Parse(`{{define "all"}}
{{go .}} {{js .}} {{sh .}} {{object "a" . "b" "c"}}
{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	const want = `"it's \"<\\" 'it\'s "<\\' 'it'"'"'s "<\' {"a":"it's \"<\\","b":"c"}`
	if got, err := texts.Text("all", `it's "<\`); err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	if _, err := texts.Text("other", nil); err == nil {
		t.Error("a text that is not there is rendered")
	}
}
