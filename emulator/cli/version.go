package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand prints which build this is.
type versionCommand struct{ jsonFlag }

// Help gives the examples.
func (versionCommand) Help() string {
	return examples("tokenstage version", "to put in a bug report")
}

// Run prints the version.
func (v versionCommand) Run(env Env) error {
	if v.JSON {
		return writeJSON(env.Stdout, readVersion())
	}
	printf(env.Stdout, "%s\n", readVersion())
	return nil
}

// build is what the go command wrote into the binary: module version, revision and toolchain.
type build struct {
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readVersion() build {
	b := build{Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is the version in a line.
func (b build) String() string {
	text := "tokenstage"
	for _, part := range [][2]string{{"", b.Version}, {"revision ", b.Revision}, {"of ", b.Time}} {
		if part[1] != "" {
			text += " " + part[0] + part[1]
		}
	}
	if b.Modified {
		text += " modified"
	}
	return fmt.Sprintf("%s (%s, %s)", text, b.Go, b.Platform)
}
