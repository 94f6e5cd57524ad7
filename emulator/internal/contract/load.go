package contract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/tokenstage/tokenstage/openapi"
)

// gatewayFolder holds the gateways' documents; controlFile describes the control plane and is no API.
const (
	gatewayFolder = "gateways"
	controlFile   = "control.yaml"
)

// Builtin is the catalogue of the specs that ship, loaded once for the whole process: it is read-only, and tests start
// many emulators.
var Builtin = sync.OnceValues(func() (*Catalogue, error) { return LoadComplete(openapi.Files) })

// Load reads every API and gateway document of the file systems. An API may use a gateway of another file system.
// The first problem ends it, named by file and place. Facts may leave out their evidence.
func Load(systems ...fs.FS) (*Catalogue, error) {
	gateways, apis, err := readDocuments(systems)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{
		byAction: map[action][]*Operation{}, routers: map[string][]routers.Router{},
		byRoute: map[*openapi3.Operation]*Operation{},
	}
	if err := addAll(gateways, c.addGateway); err != nil {
		return nil, err
	}
	if err := addAll(apis, c.addAPI); err != nil {
		return nil, err
	}
	slices.SortFunc(c.Gateways, func(a, b *Gateway) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(c.APIs, func(a, b *API) int { return cmp.Compare(a.Name, b.Name) })
	return c, nil
}

// LoadComplete is Load for documents that ship, all of whose facts must say where they come from, and whose gateways
// how they refuse.
func LoadComplete(systems ...fs.FS) (*Catalogue, error) {
	c, err := Load(systems...)
	if err != nil {
		return nil, err
	}
	if err := c.checkComplete(); err != nil {
		return nil, err
	}
	return c, nil
}

// document is one file of a spec.
type document struct {
	file       string
	source     []byte
	doc        *openapi3.T
	root       rootExtensions
	operations map[*openapi3.Operation]operationExtensions
	err        error
}

// addAll adds the documents that could be read. The first that is wrong ends it.
func addAll(documents []*document, add func(*document) error) error {
	for _, d := range documents {
		if d.err == nil {
			d.err = add(d)
		}
		if d.err != nil {
			return fmt.Errorf("spec %s: %w", d.file, d.err)
		}
	}
	return nil
}

// readDocuments parses all side by side: parsing is most of what a start costs.
func readDocuments(systems []fs.FS) (gateways, apis []*document, err error) {
	var parsing sync.WaitGroup
	defer parsing.Wait()
	for _, system := range systems {
		for pattern, list := range map[string]*[]*document{gatewayFolder + "/*.yaml": &gateways, "*.yaml": &apis} {
			files, err := fs.Glob(system, pattern)
			if err != nil {
				return nil, nil, fmt.Errorf("list specs: %w", err)
			}
			for _, file := range files {
				if path.Base(file) == controlFile {
					continue
				}
				d := &document{file: file}
				*list = append(*list, d)
				parsing.Go(func() { d.read(system) })
			}
		}
	}
	return gateways, apis, nil
}

func (d *document) read(system fs.FS) {
	if d.source, d.err = fs.ReadFile(system, d.file); d.err == nil {
		d.err = d.parse()
	}
}

func (d *document) parse() (err error) {
	if d.doc, err = openapi3.NewLoader().LoadFromData(d.source); err != nil {
		return err
	}
	if err := d.doc.Validate(context.Background()); err != nil {
		return err
	}
	d.root, d.operations, err = readExtensions(d.doc)
	return err
}

func (c *Catalogue) addGateway(d *document) error {
	doc, root := d.doc, d.root
	if want := documentName(d.file); root.Gateway != want {
		return fmt.Errorf("x-gateway: must be %q like the file's name, got %q", want, root.Gateway)
	}
	if c.Gateway(root.Gateway) != nil {
		return fmt.Errorf("a gateway %q is loaded already", root.Gateway)
	}
	errors, err := root.Errors.documented("gateway")
	if err != nil {
		return err
	}
	checks, err := root.Checks.checks()
	if err != nil {
		return err
	}
	g := &Gateway{
		Name: root.Gateway, Title: doc.Info.Title, Checks: checks, statuses: map[int]bool{},
		Packets: root.Packets, takesAnonymous: root.Anonymous,
	}
	g.Errors, g.byCode = firstOfEachCode(errors)
	for _, e := range errors {
		g.statuses[e.Status] = true
	}
	if doc.Components != nil && doc.Components.Schemas[refusalSchema] != nil {
		g.refusal = doc.Components.Schemas[refusalSchema].Value
	}
	c.Gateways = append(c.Gateways, g)
	return nil
}

// refusalSchema is the schema of a gateway's document that describes how a call is refused.
const refusalSchema = "Refusal"

func documentName(file string) string { return strings.TrimSuffix(path.Base(file), ".yaml") }

func (c *Catalogue) addAPI(d *document) error {
	doc, root := d.doc, d.root
	i := slices.IndexFunc(c.Gateways, func(g *Gateway) bool { return g.Name == root.Gateway })
	if i < 0 {
		return fmt.Errorf("x-gateway: no gateway %q", root.Gateway)
	}
	api := &API{
		Name: documentName(d.file), Title: doc.Info.Title, Description: doc.Info.Description, Gateway: c.Gateways[i],
		Product: root.Product, Version: root.Version, Source: d.source,
	}
	if c.API(api.Name) != nil {
		return fmt.Errorf("an API %q is loaded already", api.Name)
	}
	onWire := openapi3.NewPaths()
	for _, key := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(key)
		if !strings.Contains(key, actionMark) {
			onWire.Set(key, item)
		}
		if err := c.addPath(api, d, key, item); err != nil {
			return fmt.Errorf("path %s: %w", key, err)
		}
	}
	c.APIs = append(c.APIs, api)
	return c.addRouter(api, doc, onWire)
}

// actionMark separates, in the key of a path, what is on the wire from what tells operations on one path apart.
const actionMark = "#"

func (c *Catalogue) addPath(api *API, d *document, key string, item *openapi3.PathItem) error {
	if len(item.Parameters) > 0 {
		return errors.New("parameters: belong to the operations of the path")
	}
	wirePath, _, byAction := strings.Cut(key, actionMark)
	for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
		doc := item.GetOperation(method)
		op, err := newOperation(api, d, wirePath, method, doc)
		if err != nil {
			return fmt.Errorf("operation %s: %w", doc.OperationID, err)
		}
		api.Operations = append(api.Operations, op)
		if err := c.index(op, method, doc, byAction); err != nil {
			return fmt.Errorf("operation %s: %w", op.Name, err)
		}
	}
	return nil
}

// index makes an operation findable by its action or by its route. Two of the same version that would be found by the
// same are refused: one would hide the other.
func (c *Catalogue) index(op *Operation, method string, doc *openapi3.Operation, byAction bool) error {
	gateway, version := op.API.Gateway.Name, op.Version
	if !byAction {
		other, _, err := c.ByRoute(gateway, method, op.Path)
		if err == nil && other.Version == version {
			return fmt.Errorf("%s %s of version %q is that of %s already", method, op.Path, version, other.Name)
		}
		c.byRoute[doc] = op
		return nil
	}
	if op.Action == "" {
		return fmt.Errorf("x-action: must be there, since the key of the path has a %q", actionMark)
	}
	key := action{gateway, op.Action}
	for _, other := range c.byAction[key] {
		if other.Version == version {
			return fmt.Errorf("x-action: %q of version %q is that of %s already", op.Action, version, other.Name)
		}
	}
	c.byAction[key] = append(c.byAction[key], op)
	return nil
}

// addRouter makes the paths on the wire findable. Servers are left out: the emulator answers on any host.
func (c *Catalogue) addRouter(api *API, doc *openapi3.T, onWire *openapi3.Paths) error {
	if onWire.Len() == 0 {
		return nil
	}
	router, err := gorillamux.NewRouter(&openapi3.T{OpenAPI: doc.OpenAPI, Info: doc.Info, Paths: onWire})
	if err != nil {
		return fmt.Errorf("make the paths findable: %w", err)
	}
	c.routers[api.Gateway.Name] = append(c.routers[api.Gateway.Name], router)
	return nil
}
