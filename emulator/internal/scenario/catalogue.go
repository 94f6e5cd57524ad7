package scenario

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// Generated makes a scenario of every documented error of every operation: error/<api>.<Operation>/<Code>.
func Generated(catalogue *contract.Catalogue) []*Scenario {
	var all []*Scenario
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			for _, e := range op.Errors {
				all = append(all, generated(op, e.Code, e.Meaning))
			}
		}
	}
	return all
}

func generated(op *contract.Operation, code, meaning string) *Scenario {
	fail := &Fail{Code: code}
	if placeholders(code, []*contract.Operation{op}) > 0 {
		fail.Fill = defaultFill(op)
	}
	name := "error/" + op.Name + "/" + code
	return &Scenario{
		Name: name, Summary: meaning,
		Rules:  []Rule{{On: op.Name, Script: []Step{{Fail: fail, Times: 1, Chance: 1}}}},
		Source: generatedSource(name, meaning, op.Name, fail),
	}
}

// generatedSource writes the document that says the same, to be read and built upon.
func generatedSource(name, summary, on string, fail *Fail) string {
	text := fmt.Sprintf("name: %s\nsummary: %s\nrules:\n  - on: %s\n    script:\n      - fail: %s\n",
		name, strconv.Quote(summary), on, strconv.Quote(fail.Code))
	if len(fail.Fill) > 0 {
		text += "        fill: " + strconv.Quote(fail.Fill[0]) + "\n"
	}
	return text
}

// Library is every scenario that can be played by name: those that ship and the generated ones. It never changes.
type Library struct {
	names  []string
	byName map[string]func() (*Scenario, error)
}

// NewLibrary finds the shipped files, *.yaml at the root of the file system, and adds the generated scenarios. Each
// file is named like its scenario. A file is read when it is first asked for: a start would wait for all of them.
func NewLibrary(catalogue *contract.Catalogue, shipped fs.FS) (*Library, error) {
	l := &Library{byName: map[string]func() (*Scenario, error){}}
	files, err := fs.Glob(shipped, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list scenarios: %w", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		l.byName[name] = sync.OnceValues(func() (*Scenario, error) { return readShipped(catalogue, shipped, file, name) })
	}
	for _, s := range Generated(catalogue) {
		l.byName[s.Name] = func() (*Scenario, error) { return s, nil }
	}
	l.names = keysOf(l.byName)
	return l, nil
}

// readShipped reads a shipped file, which is named like its scenario.
func readShipped(catalogue *contract.Catalogue, shipped fs.FS, file, name string) (*Scenario, error) {
	source, err := fs.ReadFile(shipped, file)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	s, problems := Decode(source, catalogue)
	if len(problems) > 0 {
		return nil, fmt.Errorf("scenario %s: %w", file, Problems(problems))
	}
	if s.Name != name {
		return nil, fmt.Errorf("scenario %s: its name must be %q like the file's, not %q", file, name, s.Name)
	}
	return s, nil
}

// Names lists all scenarios, sorted.
func (l *Library) Names() []string { return slices.Clone(l.names) }

// Get finds a scenario by name. A shipped file with problems is not found; Check tells of it.
func (l *Library) Get(name string) (*Scenario, bool) {
	read, ok := l.byName[name]
	if !ok {
		return nil, false
	}
	s, err := read()
	return s, err == nil
}

// Check reads every scenario and returns the problems of the first file that has any.
func (l *Library) Check() error {
	for _, name := range l.names {
		if _, err := l.byName[name](); err != nil {
			return err
		}
	}
	return nil
}

// Suggest is the name that was most likely meant, empty where none is near: one with a slip of the pen, or the first
// that begins so.
func (l *Library) Suggest(name string) string {
	if near := nearest.Name(name, l.names); near != "" || name == "" {
		return near
	}
	if i, _ := slices.BinarySearch(l.names, name); i < len(l.names) && strings.HasPrefix(l.names[i], name) {
		return l.names[i]
	}
	return ""
}

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
