package testkit_test

import (
	"context"
	"fmt"

	"github.com/testcontainers/testcontainers-go"

	"github.com/tokenstage/tokenstage/testkit"
)

// Run needs a container engine. A test calls Start, which ends the container with the test.
func ExampleRun() {
	ctx := context.Background()
	container, err := testkit.Run(ctx, testkit.WithSeed(7))
	defer func() {
		if err := testcontainers.TerminateContainer(container); err != nil {
			fmt.Println(err)
		}
	}()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(container.Addr()) // the address for the app under test
}
