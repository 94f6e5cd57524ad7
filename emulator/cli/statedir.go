package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
)

// stateDir is the folder of what is kept between runs, as given by a flag; empty means the user's own.
type stateDir string

// find returns the folder, or nothing where the user has none.
func (d stateDir) find(env Env) string {
	if d != "" {
		if absolute, err := filepath.Abs(string(d)); err == nil {
			return absolute
		}
		return string(d)
	}
	// XDG Base Directory Specification 0.8: paths in these variables are absolute, others are ignored.
	if dir, _ := env.LookupEnv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "tokenstage")
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		return filepath.Join(dir, "tokenstage")
	}
	if home, _ := env.LookupEnv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "tokenstage")
	}
	return ""
}

// certFileOf is the file here that holds that CA; empty where none does, as for the CA of another machine.
func (d stateDir) certFileOf(env Env, ca []byte) string {
	folder := d.find(env)
	if folder == "" {
		return ""
	}
	file := authority.CertFile(folder)
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, ca) {
		return ""
	}
	return file
}
