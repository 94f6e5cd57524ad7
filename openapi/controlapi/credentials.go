package controlapi

import (
	"encoding/json"
	"fmt"
)

// ByGateway is every credential as JSON, by the name of its gateway.
func (a Credentials) ByGateway() (map[string][]json.RawMessage, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write the credentials: %w", err)
	}
	var all map[string][]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("read the credentials: %w", err)
	}
	return all, nil
}
