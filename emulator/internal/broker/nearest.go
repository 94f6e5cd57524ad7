package broker

import (
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/nearest"
)

// nearestSystemTopic names the topic of the service that a client most likely meant; empty where there is none.
func nearestSystemTopic(topic string) string {
	near := nearest.Name(topic, []string{mqtt.UploadTopic, mqtt.OrderTopic, mqtt.OfflineTopic})
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" The nearest topic that has an effect is %q.", near)
}

// nearestResource names the resource that comes nearest to a topic that none covers.
func nearestResource(filter string, tokens []held) string {
	var all []string
	for _, h := range tokens {
		all = append(all, h.grant.Resources...)
	}
	if near := nearest.Name(filter, all); near != "" {
		return fmt.Sprintf("The nearest resource is %q.", near)
	}
	const shown = 5
	if len(all) > shown {
		return fmt.Sprintf("Its resources are %q and %d more.", all[:shown], len(all)-shown)
	}
	return fmt.Sprintf("Its resources are %q.", all)
}
