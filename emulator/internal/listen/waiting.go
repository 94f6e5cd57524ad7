package listen

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// waiting are the connections that wait for a request, by how long they do. A nil one is empty.
type waiting struct {
	mu     sync.Mutex
	order  *list.List // of net.Conn
	places map[net.Conn]*list.Element
}

func newWaiting() *waiting { return &waiting{order: list.New(), places: map[net.Conn]*list.Element{}} }

// enter follows the states that net/http sees.
func (w *waiting) enter(conn net.Conn, state http.ConnState) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if place, ok := w.places[conn]; ok {
		w.order.Remove(place)
		delete(w.places, conn)
	}
	if state == http.StateNew || state == http.StateIdle {
		w.places[conn] = w.order.PushBack(conn)
	}
}

// giveWay closes the connection that waits longest, and reports whether there was one.
func (w *waiting) giveWay() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	longest := w.order.Front()
	if longest == nil {
		return false
	}
	conn, _ := w.order.Remove(longest).(net.Conn)
	delete(w.places, conn)
	_ = conn.Close() // its end is counted when net/http hears of it
	return true
}
