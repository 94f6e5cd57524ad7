package testkit

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	modulePath = "github.com/tokenstage/tokenstage"
	// tagLength is how much of the content's hash names an image.
	tagLength = 20
)

// source is the folder of this module, seen as what an image for one architecture is built from.
type source struct {
	dir  string
	arch string
}

// findSource asks the go command where this module is at the version that the go.mod of the working directory pins. The
// working directory of a test is its package's folder.
func findSource(ctx context.Context, arch string) (source, error) {
	// A vendor folder does not hold the commands of a module, so -mod=vendor cannot be followed.
	out, err := command(ctx, "", nil, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return source{}, fmt.Errorf("find the source of tokenstage: %w", err)
	}
	if dir := string(bytes.TrimSpace(out)); dir != "" {
		return source{dir, arch}, nil
	}
	out, err = command(ctx, "", nil, "mod", "download", "-json", modulePath)
	if err != nil {
		return source{}, fmt.Errorf("download the source of tokenstage: %w", err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return source{}, fmt.Errorf("download the source of tokenstage: %w", err)
	}
	return source{module.Dir, arch}, nil
}

// key names the content of the image: the Dockerfile, and of every package in the binary the go command's own hash of
// what it compiles to.
func (s source) key(ctx context.Context) (string, error) {
	file, err := os.ReadFile(filepath.Join(s.dir, "Dockerfile"))
	if err != nil {
		return "", err
	}
	ids, err := s.command(ctx, "list", "-deps", "-export", "-trimpath", "-buildvcs=false", "-f", "{{.BuildID}}", ".")
	if err != nil {
		return "", fmt.Errorf("compile tokenstage: %w", err)
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\n%s\n", file, s.arch)
	for id := range bytes.Lines(ids) {
		// An id is "action/content", and only the content is the same wherever and whenever it was compiled.
		sum.Write(id[bytes.LastIndexByte(id, '/')+1:])
	}
	return hex.EncodeToString(sum.Sum(nil))[:tagLength], nil
}

// buildContext is the archive that the image is built from: what the Dockerfile asks for, and the binary.
func (s source) buildContext(ctx context.Context) (*bytes.Reader, error) {
	dir, err := os.MkdirTemp("", "tokenstage-image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "tokenstage")
	_, err = s.command(ctx, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	if err != nil {
		return nil, fmt.Errorf("build tokenstage: %w", err)
	}
	var archive bytes.Buffer
	files := tar.NewWriter(&archive)
	err = errors.Join(
		addFile(files, filepath.Join(s.dir, "Dockerfile"), 0o644),
		addFile(files, filepath.Join(s.dir, "LICENSE"), 0o644),
		addFile(files, binary, 0o755),
		files.Close(),
	)
	return bytes.NewReader(archive.Bytes()), err
}

func addFile(files *tar.Writer, path string, mode int64) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	// Without owner and time: the same content makes the same layer.
	header := &tar.Header{Name: filepath.Base(path), Mode: mode, Size: int64(len(content))}
	if err := files.WriteHeader(header); err != nil {
		return err
	}
	_, err = files.Write(content)
	return err
}

// command runs the go command in the module's own folder, so that its own go.sum applies, for a static linux binary.
// What the caller set for its own build does not.
func (s source) command(ctx context.Context, arguments ...string) ([]byte, error) {
	return command(ctx, s.dir, []string{"GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + s.arch},
		arguments...)
}

// command runs the go command and returns what it prints; what it complains of is in the error.
func command(ctx context.Context, dir string, env []string, arguments ...string) ([]byte, error) {
	run := exec.CommandContext(ctx, "go", arguments...)
	run.Dir = dir
	run.Env = append(run.Environ(), env...)
	var complaint bytes.Buffer
	run.Stderr = &complaint
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", arguments[0], err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out, nil
}
