package main

import "fmt"

// Session is what a customer has in hand.
type Session struct {
	id   string
	cart []byte
}

// SessionStore leaks: sessions never end.
type SessionStore struct {
	entries map[string]*Session
}

var store = &SessionStore{entries: map[string]*Session{}}

func remember(number int) {
	store.Put(fmt.Sprintf("session-%d", number))
}

// Put remembers a session for good.
func (s *SessionStore) Put(id string) {
	s.entries[id] = newSession(id)
}

func newSession(id string) *Session {
	made := &Session{id: id, cart: make([]byte, 12<<10)}
	for at := 0; at < len(made.cart); at += 4096 {
		made.cart[at] = 1
	}
	return made
}
