package testkit

import (
	"context"
	"fmt"
	"os"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

const (
	// ImageEnv names the image to run where WithImage names none.
	ImageEnv = "TOKENSTAGE_IMAGE"
	// imageName holds the images that were built from source. Its registry is one that nothing is ever pulled from, and
	// that no prefix for Docker Hub is put in front of.
	imageName = "localhost/tokenstage-testkit"
	// buildTarget is the stage of this module's Dockerfile that takes a binary.
	buildTarget = "prebuilt"
)

// chooseImage fills in the image of a request that has none.
func chooseImage(ctx context.Context, r *testcontainers.GenericContainerRequest) error {
	if r.Image != "" || r.ShouldBuildImage() {
		return nil
	}
	r.Image = os.Getenv(ImageEnv) //nolint:forbidigo // the way in for whoever cannot change the test
	if r.Image != "" {
		return nil
	}
	image, err := sourceImage(ctx)
	if err != nil {
		return fmt.Errorf("%w (%s names an image to run instead)", err, ImageEnv)
	}
	r.Image = image
	return nil
}

// sourceImage returns the image of this module's source as the caller's go.mod pins it, and builds it unless the engine
// has it.
func sourceImage(ctx context.Context) (string, error) {
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return "", err
	}
	defer provider.Close()
	engine, err := provider.Client().ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", fmt.Errorf("ask the engine for its architecture: %w", err)
	}
	src, err := findSource(ctx, engine.Arch)
	if err != nil {
		return "", err
	}
	tag, err := src.key(ctx)
	if err != nil {
		return "", err
	}
	name := imageName + ":" + tag
	_, err = provider.Client().ImageInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		log.Printf("tokenstage: building %s from %s", name, src.dir)
		err = buildImage(ctx, provider, src, tag)
	}
	return name, err
}

func buildImage(ctx context.Context, provider *testcontainers.DockerProvider, src source, tag string) error {
	files, err := src.buildContext(ctx)
	if err != nil {
		return err
	}
	_, err = provider.BuildImage(ctx, &testcontainers.ContainerRequest{FromDockerfile: testcontainers.FromDockerfile{
		ContextArchive: files, Repo: imageName, Tag: tag, KeepImage: true,
		BuildOptionsModifier: func(o *client.ImageBuildOptions) { o.Target = buildTarget },
	}})
	return err
}
