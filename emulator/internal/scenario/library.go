package scenario

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// Decoder reads a scenario from its document. What is wrong in the document is an error of type Problems.
type Decoder func(source []byte) (*Scenario, error)

// Library is every scenario that can be played by name: those that ship and the generated ones. It never changes.
type Library struct {
	catalogue *contract.Catalogue
	names     []string
	shipped   map[string]func() (*Scenario, error)
}

// NewLibrary finds the shipped files, *.yaml at the root of the file system, and adds the generated scenarios. Each
// file is named after its scenario. A file is decoded when it is first asked for, and a generated scenario is made
// whenever it is, since having all of them would delay every start.
func NewLibrary(catalogue *contract.Catalogue, shipped fs.FS, decode Decoder) (*Library, error) {
	l := &Library{catalogue: catalogue, shipped: map[string]func() (*Scenario, error){}}
	files, err := fs.Glob(shipped, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		l.shipped[name] = sync.OnceValues(func() (*Scenario, error) { return readShipped(shipped, file, name, decode) })
	}
	l.names = slices.Collect(maps.Keys(l.shipped))
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			for _, e := range op.Errors {
				l.names = append(l.names, generatedName(op, e.Code))
			}
		}
	}
	slices.Sort(l.names)
	return l, nil
}

// readShipped reads a shipped file, which must be named after its scenario.
func readShipped(shipped fs.FS, file, name string, decode Decoder) (*Scenario, error) {
	source, err := fs.ReadFile(shipped, file)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	s, err := decode(source)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", file, err)
	}
	if s.Name != name {
		return nil, fmt.Errorf("scenario %s: its name must be %q like the file's, not %q", file, name, s.Name)
	}
	return s, nil
}

// Names lists all scenarios, sorted.
func (l *Library) Names() []string { return slices.Clone(l.names) }

// Get finds a scenario by name. A shipped file with problems is not found; Check returns the problems.
func (l *Library) Get(name string) (*Scenario, bool) {
	if read, ok := l.shipped[name]; ok {
		s, err := read()
		return s, err == nil
	}
	return generated(l.catalogue, name)
}

// Check reads every shipped file and returns the problems of the first that has any.
func (l *Library) Check() error {
	for _, name := range slices.Sorted(maps.Keys(l.shipped)) {
		if _, err := l.shipped[name](); err != nil {
			return err
		}
	}
	return nil
}

// Suggest returns the known name that was most likely meant: the nearest one, of which the beginning may be left out,
// or else the first that begins with what was written. It is empty when there is neither.
func (l *Library) Suggest(name string) string {
	written, meant := slices.Clone(l.names), map[string]string{}
	for _, full := range l.names {
		for _, short := range endings(full) {
			if meant[short] == "" {
				written, meant[short] = append(written, short), full
			}
		}
	}
	near := nearest.Name(name, written)
	if near = cmp.Or(meant[near], near); near != "" || name == "" {
		return near
	}
	if i, _ := slices.BinarySearch(l.names, name); i < len(l.names) && strings.HasPrefix(l.names[i], name) {
		return l.names[i]
	}
	return ""
}

// endings are what people write for the name of a documented error's scenario: error/API.OPERATION/CODE without its
// prefix, without its API, and the code alone.
func endings(name string) []string {
	operation, isError := strings.CutPrefix(name, ErrorPrefix)
	if !isError {
		return nil
	}
	_, withoutAPI, _ := strings.Cut(operation, ".")
	_, code, _ := strings.Cut(operation, "/")
	return []string{operation, withoutAPI, code}
}
