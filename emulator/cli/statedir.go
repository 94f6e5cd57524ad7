package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tokenstage/tokenstage/emulator/internal/authority"
)

// stateDir is a flag with the folder for files that are kept between runs; empty means the default one of the user.
type stateDir string

// path returns the folder, or nothing if the user has none.
func (d stateDir) path(env Env) string {
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

// certFileOf returns the file on this machine that holds the CA. It is empty for the CA of another machine.
func (d stateDir) certFileOf(env Env, ca []byte) string {
	folder := d.path(env)
	if folder == "" {
		return ""
	}
	file := authority.CertFile(folder)
	if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, ca) {
		return ""
	}
	return file
}
