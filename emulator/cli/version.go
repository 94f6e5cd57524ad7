package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// versionCommand prints which build this is.
type versionCommand struct{}

// Help gives the examples.
func (versionCommand) Help() string {
	return examples("tokenstage version", "to put in a bug report")
}

// Run prints the version.
func (versionCommand) Run(env Env) error {
	printf(env.Stdout, "%s\n", version())
	return nil
}

// version returns what the go command wrote into the binary: module version, revision and toolchain.
func version() string {
	text := "tokenstage"
	info, ok := debug.ReadBuildInfo()
	if ok && info.Main.Version != "" {
		text += " " + info.Main.Version
	}
	if ok {
		text += revision(info.Settings)
	}
	return fmt.Sprintf("%s (%s, %s/%s)", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func revision(settings []debug.BuildSetting) string {
	var words []string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			words = append(words, "revision "+s.Value)
		case s.Key == "vcs.time":
			words = append(words, "of "+s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			words = append(words, "modified")
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, " ")
}
