package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// bareRole is the argument with which this program runs as the bare handler.
const bareRole = "bare"

// startBare starts the bare handler, which gives the same answer to every request.
func startBare(ctx context.Context, a answer) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return start(ctx, strings.NewReader(string(raw)), nil, self, bareRole)
}

// serveBare serves the fixed answer that it reads from input, with net/http alone: the least that a Go server can do.
func serveBare(ctx context.Context, input io.Reader, log io.Writer) error {
	var a answer
	if err := json.NewDecoder(input).Decode(&a); err != nil {
		return fmt.Errorf("read the answer to serve: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			header := w.Header()
			for name, values := range a.Header {
				header[name] = values
			}
			w.WriteHeader(a.Status)
			_, _ = w.Write(a.Body)
		})}
	slog.New(slog.NewJSONHandler(log, nil)).Info("serving", "data", listener.Addr().String())
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
