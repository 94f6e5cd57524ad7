package client

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// maxElsewhere bounds the calls to another sandbox that a report lists.
	maxElsewhere = 5
	// clockSlack is how far the clocks of this machine and of the emulator's may lie apart.
	clockSlack = 2 * time.Second
)

// elsewhere writes which calls came to the default sandbox where none that is expected came to the test's: an app with
// other credentials than the test's is found there, with the reason why it was refused.
func (x Expectation) elsewhere(text *strings.Builder, seen journalState) {
	x.t.Helper()
	if x.box.ID == defaultSandbox || len(seen.found) > 0 {
		return
	}
	all, _, err := x.box.control.allRequests(x.t.Context(), defaultSandbox, Filter{})
	if err != nil {
		fmt.Fprintf(text, "  what came to sandbox %s cannot be told: %v\n", defaultSandbox, err)
		return
	}
	meant := slices.DeleteFunc(slices.Clone(all), func(e Entry) bool {
		return e.Arrived.Before(x.box.made.Add(-clockSlack)) || len(seen.all) > 0 && !x.conditions[0].holds(e)
	})
	switch {
	case len(meant) > 0:
		x.listElsewhere(text, meant)
	case len(all) > 0 && len(seen.all) == 0:
		fmt.Fprintf(text, "  %s came to sandbox %s before this one was made\n", calls(len(all)), defaultSandbox)
	}
}

func (x Expectation) listElsewhere(text *strings.Builder, meant []Entry) {
	fmt.Fprintf(text, "  %s came to sandbox %s instead, where all go that name no credential of another one:\n",
		calls(len(meant)), defaultSandbox)
	skipped := max(0, len(meant)-maxElsewhere)
	if skipped > 0 {
		fmt.Fprintf(text, "      %d older ones are not shown\n", skipped)
	}
	for _, e := range meant[skipped:] {
		fmt.Fprintf(text, "      #%d %s: %s (%d), credential %s\n", e.Seq, callName(e), e.Outcome, e.Status,
			cmp.Or(shortened(e.Credential), "none"))
		x.reasons(text, e)
	}
	fmt.Fprintf(text, "  the credentials of sandbox %s are %s\n", x.box.ID, x.box.credentialNames())
}

// credentialNames are the ids of the first credentials, by which apps name themselves.
func (b *Box) credentialNames() string {
	var names []string
	for _, c := range []struct{ gateway, id string }{
		{"acs", b.ACS.AccessKeyID}, {"top", b.Top.AppKey}, {"fabric", b.Fabric.AppKey},
	} {
		if c.id != "" {
			names = append(names, c.gateway+" "+c.id)
		}
	}
	return cmp.Or(strings.Join(names, ", "), "none that has an id")
}
