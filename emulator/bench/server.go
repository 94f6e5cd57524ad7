package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// buildServer builds the server with the flags that the image is built with.
func buildServer(ctx context.Context, program string) error {
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program,
		"github.com/tokenstage/tokenstage")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return nil
}

// startServer starts Tokenstage on free ports.
func (b *bench) startServer(ctx context.Context, env ...string) (*process, error) {
	return start(ctx, nil, env, b.program, "serve", "--addr=127.0.0.1:0", "--control-addr=127.0.0.1:0", "--log=json")
}

// serveSandboxes starts Tokenstage, creates that many sandboxes beside its default one and returns a caller for each.
func (b *bench) serveSandboxes(ctx context.Context, sandboxes int, env ...string) (*process, []*caller, error) {
	p, err := b.startServer(ctx, env...)
	if err != nil {
		return nil, nil, err
	}
	callers, err := createSandboxes(ctx, p, sandboxes)
	if err != nil {
		p.stop()
		return nil, nil, err
	}
	return p, callers, nil
}

// createSandboxes creates sandboxes without a quota on ApplyToken and returns a caller for each.
func createSandboxes(ctx context.Context, p *process, count int) ([]*caller, error) {
	control := client.New(p.control)
	callers := make([]*caller, count)
	for i := range callers {
		box, err := control.CreateSandbox(ctx, client.Definition{Quotas: map[string]string{operation: "off"}})
		if err != nil {
			return nil, err
		}
		acs := box.Credentials.ACS[0]
		callers[i] = newCaller(p.data, box.ID, acs.AccessKeyID, acs.AccessKeySecret)
	}
	return callers, nil
}
