package journal

import "github.com/tokenstage/tokenstage/emulator/store"

// Recoded is an entry written and read again, nothing masked.
func Recoded(e Entry) (Entry, error) {
	raw, err := encode(&e)
	if err != nil {
		return Entry{}, err
	}
	var got Entry
	err = decode(store.Record{Data: raw}, &got)
	return got, err
}
