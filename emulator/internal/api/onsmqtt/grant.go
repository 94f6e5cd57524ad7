package onsmqtt

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// Grant is what a token permits a client: to read or write the topics that its resources cover, at one instance.
type Grant struct {
	Claims      token.Claims
	Instance    string
	Read, Write bool
	Resources   []string
}

// sealedResources is the longest list of resources that a token carries itself: with it the token is no longer than the
// sample of the page. Longer ones are kept by the token's id for as long as it lives.
const sealedResources = 80

// detailMark stands between the actions and the resources in the claims of a token that carries both.
const detailMark = "\n"

// resourcesKey is the key of the resources of the token of that id.
func resourcesKey(id string) string { return "onsmqtt/resources/" + id }

// keepResources returns what the claims of the turn's token say of its actions and resources, and keeps those that are
// too long to travel in it.
func keepResources(turn *sandbox.Turn, actions, resources string, expires time.Time) string {
	if len(resources) <= sealedResources {
		return actions + detailMark + resources
	}
	key := resourcesKey(token.ID(Name, turn.Number))
	// Clocks can be set back: a day is more than any test waits for a token to be good again.
	turn.Write(&store.Put{Key: key, Value: []byte(resources), Expires: expires.Add(24 * time.Hour)})
	return actions
}

// Issued returns the claims of a token, if this sandbox issued it.
func Issued(box *sandbox.Sandbox, text string) (token.Claims, bool) { return unseal(box, text) }

// GrantOf returns what the token of these claims permits. What was kept of it is gone after a reset, as the token is.
func GrantOf(ctx context.Context, space store.Space, claims token.Claims) (Grant, error) {
	actions, resources, sealed := strings.Cut(claims.Detail, detailMark)
	if !sealed {
		kept, _, err := space.Get(ctx, resourcesKey(claims.ID()))
		if err != nil {
			return Grant{}, fmt.Errorf("read the resources of a token: %w", err)
		}
		resources = string(kept)
	}
	permitted := strings.Split(actions, ",")
	return Grant{
		Claims: claims, Instance: claims.Subject,
		Read: slices.Contains(permitted, "R"), Write: slices.Contains(permitted, "W"),
		Resources: strings.Split(resources, ","),
	}, nil
}
